/** Judges the servers that the aggregator knows. Pure. */
import type { KnownServers, ServerFacts } from "../facts.ts";
import { count, createFinding, type Finding } from "../finding.ts";

/** The servers, and the places that can't be searched for more: what was found there before stays, what is new is missing. */
export function judgeServers({ servers, faults }: KnownServers): readonly Finding[] {
  if (faults.length === 0) return judgeStates(servers);
  const next = "mend what each sentence names; the last good list is served until then";
  const message = `the aggregator can't look for servers in ${count(faults.length, "place")}`;
  return [...judgeStates(servers), createFinding("servers", "problem", { message, objects: faults, next })];
}

/** All ready, or which are not and why. One that starts will be; one that is dead needs somebody. */
function judgeStates(servers: readonly ServerFacts[]): readonly Finding[] {
  const describe = ({ namespace, name, state, reason, message }: ServerFacts): string =>
    `${namespace}/${name}: ${state}, ${reason}: ${message}`;
  const dead = servers.filter(({ state }) => state === "Dead");
  const others = servers.filter(({ state }) => state !== "Ready" && state !== "Dead");
  const tools = servers.reduce((sum, server) => sum + server.tools, 0);
  if (dead.length + others.length === 0)
    return [createFinding("servers", "ok", `${count(servers.length, "server")} ready, ${count(tools, "tool")}`)];
  return [
    ...(dead.length === 0
      ? []
      : [
          createFinding("servers", "problem", {
            message: `${count(dead.length, "server")} of ${servers.length} can't be called`,
            objects: dead.map(describe),
            next: "kubectl describe pod of each, and its log: what it says stands behind its name",
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
