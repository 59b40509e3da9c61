/**
 * What a person should know about how the server is reached: that it speaks TLS where the sidecar does not, and that another container
 * leads to it past the sidecar. Refuses nothing: a pod shows neither for certain.
 */
import { parsePort } from "@outrigger/api/values";
import { resolvePort } from "../build/handlers.ts";
import { findSlots } from "../build/slots.ts";
import { quote, type Warning } from "../outcome.ts";
import { readList, readMember, readText } from "../read/json.ts";
import { isNativeSidecar, type ContainerView, type PodView } from "../read/pod.ts";
import type { Found } from "./found.ts";

/** Warns of a probe or hook that is asked by HTTPS at the very port that the sidecar is to speak HTTP to. */
export function warnOfTls({ container, port }: Found): Warning[] {
  const slot = findSlots(container.raw).find(
    ({ kind, handler }) =>
      kind === "httpGet" &&
      readText(handler, "scheme") === "HTTPS" &&
      port !== undefined &&
      resolvePort(readMember(handler, "port"), container) === port.number,
  );
  if (slot === undefined || port === undefined) return [];
  const text = `${slot.field} asks port ${port.number} by HTTPS: the sidecar speaks plain HTTP to the server there`;
  return [{ reason: "ServerSpeaksTls", text }];
}

/** Warns of containers that visibly dial the server on loopback. Where a variable moves the server, nobody is at its old port. */
export function warnOfForwarders(found: Found): Warning[] {
  const { pod, container, port, wiring } = found;
  if (port === undefined || wiring.upstreamPort !== port.number) return [];
  const others = [...pod.containers, ...pod.initContainers.filter(isNativeSidecar)].filter(
    (each) => each !== container,
  );
  const names = [
    ...(isDaprs(pod, port.number) ? [`Dapr (annotation ${daprPort})`] : []),
    ...others.flatMap((other) =>
      forwarders
        .filter(({ forwardsTo }) => forwardsTo(other, port.number))
        .map(({ by }) => `container ${quote(other.name)} (${by})`),
    ),
  ];
  // Where the sidecar is on loopback too, there is something better to dial.
  const better = wiring.sharesPort ? "" : `, which is on ${wiring.dataPort}`;
  return names.map((name) => ({
    reason: "ForwardsPastSidecar",
    text: `${name} forwards to port ${port.number} past the sidecar${better}`,
  }));
}

const isPort = (text: string | undefined, number: number): boolean => {
  const port = parsePort(text ?? "");
  return port.ok && port.value === number;
};

const daprPort = "dapr.io/app-port";

/** Dapr's sidecar may come after this one, so its annotations count. Source: docs.dapr.io, annotations and arguments. */
function isDaprs({ annotations }: PodView, port: number): boolean {
  return readText(annotations, "dapr.io/enabled") === "true" && isPort(readText(annotations, daprPort), port);
}

/** Programs that are known by how they are told where to forward. */
const forwarders: readonly {
  readonly by: string;
  readonly forwardsTo: (container: ContainerView, port: number) => boolean;
}[] = [
  // Source: Knative serving, pkg/reconciler/revision/resources/queue.go.
  {
    by: "USER_PORT",
    forwardsTo: (container, port) =>
      container.name === "queue-proxy" && isPort(readVariable(container, "USER_PORT"), port),
  },
  // Source: oauth2-proxy, docs of its flags; each has a variable of its own.
  {
    by: "--upstream",
    forwardsTo: (container, port) => listUpstreams(container).some((url) => isLoopbackUrl(url, port)),
  },
];

const readVariable = ({ raw }: ContainerView, name: string): string | undefined =>
  readText(
    readList(raw, "env").findLast((item) => readText(item, "name") === name),
    "value",
  );

/** What follows the flag, behind `=` or as the next argument; and what stands in the variable. */
function listUpstreams(container: ContainerView): string[] {
  const words = ["command", "args"].flatMap((key) => readList(container.raw, key));
  const flags = words.flatMap((word, index) => {
    const flag = typeof word === "string" ? /^--?upstream(?:=(?<value>.*))?$/s.exec(word) : null;
    return flag === null ? [] : [flag.groups?.["value"] ?? words[index + 1]];
  });
  const all = [...flags, readVariable(container, "OAUTH2_PROXY_UPSTREAMS")];
  return all.flatMap((value) => (typeof value === "string" ? value.split(",") : []));
}

function isLoopbackUrl(text: string, port: number): boolean {
  const url = URL.parse(text.trim());
  if (url === null) return false;
  const isHere = /^(localhost|127\.[0-9.]+|0\.0\.0\.0|\[::1?\])$/.test(url.hostname);
  return isHere && (url.port === "" ? defaultPorts.get(url.protocol) : Number(url.port)) === port;
}

const defaultPorts: ReadonlyMap<string, number> = new Map([
  ["http:", 80],
  ["https:", 443],
]);
