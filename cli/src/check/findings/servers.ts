/**
 * Judges the servers that the aggregator knows, and those that it should know: which are missing from it, can't be called, or offer
 * nothing, and why, with the last time at which their lists were read well. Pure.
 */
import { keys } from "@outrigger/api/keys";
import type { Reason } from "@outrigger/api/reasons";
import type { Facts, InjectedPod, KnownServers, ProgramFacts, Release, ServerFacts } from "../facts.ts";
import { count, createFinding, type Finding } from "../finding.ts";

type Known = Pick<Facts, "injected" | "programs" | "release">;

/** The servers, and the places that can't be searched for more: what was found there before stays, what is new is missing. */
export function judgeServers({ servers, faults }: KnownServers, facts: Known): readonly Finding[] {
  const pods = facts.injected.ok ? facts.injected.value : [];
  const programs = facts.programs.ok ? facts.programs.value : [];
  const aggregator = programs.find(({ component }) => component === "aggregator");
  return [
    ...judgeStates(servers, pods),
    ...judgeUnlisted(servers),
    ...judgeUnknown(servers, pods, { aggregator, release: facts.release }),
    ...judgeEmpty(servers, pods),
    ...judgeFaults(faults),
  ];
}

const keyOf = ({ namespace, name }: ServerFacts): string => `${namespace}/${name}`;
const serverOf = ({ namespace, server }: InjectedPod): string => `${namespace}/${server}`;

function judgeFaults(faults: readonly string[]): readonly Finding[] {
  if (faults.length === 0) return [];
  const next = "mend what each sentence names; the last good list is served until then";
  const message = `the aggregator can't look for servers in ${count(faults.length, "place")}`;
  return [createFinding("servers", "problem", { message, objects: faults, next })];
}

/** All ready, or which are not and why. One that starts will be; one that is dead needs somebody. */
function judgeStates(servers: readonly ServerFacts[], pods: readonly InjectedPod[]): readonly Finding[] {
  const describe = (server: ServerFacts): string =>
    `${keyOf(server)}: ${server.state}, ${server.reason}: ${server.message}`;
  const dead = servers.filter(({ state }) => state === "Dead");
  const others = servers.filter((server) => !["Ready", "Dead", "Cold"].includes(server.state) && !isUnlisted(server));
  const asleep = servers.filter(({ state }) => state === "Cold").length;
  const unlisted = servers.filter(isUnlisted).length;
  const tools = servers.reduce((sum, server) => sum + server.tools, 0);
  if (dead.length + others.length === 0) {
    if (unlisted > 0 && unlisted + asleep === servers.length) return [];
    const sleeping = asleep === 0 ? "" : `, ${asleep} asleep`;
    const ready = count(servers.length - asleep - unlisted, "server");
    return [createFinding("servers", "ok", `${ready} ready${sleeping}, ${count(tools, "tool")}`)];
  }
  return [
    ...(dead.length === 0
      ? []
      : [
          createFinding("servers", "problem", {
            message: `${count(dead.length, "server")} of ${servers.length} can't be called`,
            objects: dead.map(describe),
            next: [...new Set(dead.map((server) => explainDead(server, pods)))].join("\n"),
          }),
        ]),
    ...(others.length === 0
      ? []
      : [
          createFinding("servers", "warning", {
            message: `${count(others.length, "server")} of ${servers.length} not ready yet`,
            objects: others.map(describe),
            next: "check again in a minute",
          }),
        ]),
  ];
}

const failed: Reason = "ListFailed";

/** Alive, and its lists can't be read: its tools are not discovered. */
const isUnlisted = ({ state, catalogue }: ServerFacts): boolean => state !== "Dead" && catalogue?.reason === failed;

/** What was listed before is still served; a server that was never listed offers nothing. */
function judgeUnlisted(servers: readonly ServerFacts[]): readonly Finding[] {
  const unlisted = servers.filter(isUnlisted);
  if (unlisted.length === 0) return [];
  const describe = (server: ServerFacts): string => {
    const { message = "", at = "", listedAt } = server.catalogue ?? {};
    const before =
      listedAt === undefined ? "never listed yet" : `last listed well at ${listedAt}, and served as it was`;
    return `${keyOf(server)}: ${before}; tried again at ${at}: ${message}`;
  };
  const isServed = unlisted.every(({ catalogue }) => catalogue?.listedAt !== undefined);
  return [
    createFinding("servers", isServed ? "warning" : "problem", {
      message: `the tools of ${count(unlisted.length, "server")} of ${servers.length} can't be discovered`,
      objects: unlisted.map(describe),
      next: unlisted.map(logsOf).join("\n"),
    }),
  ];
}

/** A pod that is Ready and can't be reached is behind a network policy; else its own log knows. */
function explainDead(server: ServerFacts, pods: readonly InjectedPod[]): string {
  const own = pods.filter((pod) => serverOf(pod) === keyOf(server));
  if (own.length === 0) return "see what each sentence names";
  const isOut = server.reason === "SidecarUnreachable" && own.some(({ unready }) => unready === undefined);
  if (isOut) return `kubectl describe networkpolicy --namespace ${server.namespace}`;
  return logsOf(server);
}

const logsOf = ({ namespace, name }: ServerFacts): string =>
  `kubectl logs --namespace ${namespace} --selector ${keys.server.key}=${name} --all-containers --prefix`;

interface Looking {
  readonly aggregator: ProgramFacts | undefined;
  readonly release: Release;
}

/** Settings of the aggregator under which a server may be there and not be shown, by how the chart calls them. */
const hiding = {
  OUTRIGGER_ASSERTION_KEY: "aggregator.assertions",
  OUTRIGGER_GROUPS: "aggregator.groups",
  OUTRIGGER_EXCLUDE_SERVERS: "aggregator.excludeServers",
  OUTRIGGER_EXCLUDE_LABELS: "aggregator.excludeLabels",
} as const;

/** Pods that are Ready and stand behind no server that the aggregator knows. */
function judgeUnknown(
  servers: readonly ServerFacts[],
  pods: readonly InjectedPod[],
  { aggregator, release }: Looking,
): readonly Finding[] {
  const known = new Set(servers.map(keyOf));
  const unknown = pods.filter((pod) => pod.unready === undefined && !known.has(serverOf(pod)));
  if (unknown.length === 0) return [];
  const names = Object.entries(hiding).filter(([variable]) => (aggregator?.variables[variable] ?? "") !== "");
  if (names.length > 0) {
    const message = `${count(new Set(unknown.map(serverOf)).size, "server")} not shown to this caller, or not found`;
    const next = `look at ${names.map(([, value]) => value).join(", ")}, or check as a caller who sees them: --token-file FILE`;
    return [createFinding("servers", "note", { message, objects: [...new Set(unknown.map(serverOf))], next })];
  }
  const limits = (aggregator?.variables["OUTRIGGER_NAMESPACES"] ?? "").split(",").filter((name) => name !== "");
  const isOutside = ({ namespace }: InjectedPod): boolean => limits.length > 0 && !limits.includes(namespace);
  const describe = (pod: InjectedPod): string => {
    if (isOutside(pod)) return `${serverOf(pod)}: the aggregator looks in ${limits.join(", ")} alone`;
    return pod.wiring === undefined
      ? `${serverOf(pod)}: its pod ${pod.name} says of no port where its sidecar is`
      : `${serverOf(pod)}: its pod ${pod.name} is ready, and the aggregator has not found it`;
  };
  const { namespace, name, instance } = release;
  const wanted = [...new Set([...limits, ...unknown.filter(isOutside).map((pod) => pod.namespace)])];
  const values = wanted.map((each, index) => `--set aggregator.namespaces[${index}]=${each}`).join(" ");
  const widen = `helm upgrade ${instance} charts/outrigger --namespace ${namespace} --reset-then-reuse-values ${values}`;
  return [
    createFinding("servers", "problem", {
      message: `${count(new Set(unknown.map(serverOf)).size, "server")} unknown to the aggregator`,
      objects: [...new Set(unknown.map(describe))],
      next: [
        ...(unknown.some(isOutside) ? [widen] : []),
        ...(unknown.every(isOutside) ? [] : [`kubectl logs --namespace ${namespace} deployment/${name}-aggregator`]),
      ].join("\n"),
    }),
  ];
}

/** Servers that are well and offer nothing: they list nothing, or nothing that a caller may see. */
function judgeEmpty(servers: readonly ServerFacts[], pods: readonly InjectedPod[]): readonly Finding[] {
  const empty = servers.filter((server) => server.state === "Ready" && server.tools === 0 && !isUnlisted(server));
  if (empty.length === 0) return [];
  const narrowed = (server: ServerFacts): readonly string[] => [
    ...new Set(pods.filter((pod) => serverOf(pod) === keyOf(server)).flatMap(({ narrowing }) => narrowing)),
  ];
  const describe = (server: ServerFacts): string => {
    const by = narrowed(server);
    return by.length === 0
      ? `${keyOf(server)}: it lists no tool, or its policy hides every one`
      : `${keyOf(server)}: it lists no tool, or these hide every one: ${by.join(", ")}`;
  };
  return [
    createFinding("servers", "warning", {
      message: `${count(empty.length, "server")} ready and without a tool`,
      objects: empty.map(describe),
      next: ["widen what is named, or see why the server lists nothing:", ...empty.map(logsOf)].join("\n"),
    }),
  ];
}
