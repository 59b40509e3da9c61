import { describe, expect, it } from "vitest";
import type { Facts, InjectedPod, KnownServers } from "../facts.ts";
import { createFinding, type Finding } from "../finding.ts";
import { factsOf, pod, server } from "./facts-of.ts";
import { judgeServers } from "./servers.ts";

const told = ({ area, level, message, objects = [] }: Finding): string =>
  [`${area} ${level}: ${message}`, ...objects].join("\n");
const seen = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
const judge = (known: Partial<KnownServers>, facts: Facts = factsOf()): readonly Finding[] =>
  judgeServers({ servers: [server], faults: [], ...known }, facts);
const withPods = (...pods: readonly InjectedPod[]): Facts => factsOf({ injected: seen(pods) });

describe("servers", () => {
  it("are counted with their tools where all are ready, those that sleep beside them", () => {
    expect(judge({ servers: [server, { ...server, name: "b" }] })).toEqual([
      createFinding("servers", "ok", "2 servers ready, 6 tools"),
    ]);
    expect(judge({ servers: [server, { ...server, name: "b", state: "Cold" }] })).toEqual([
      createFinding("servers", "ok", "1 server ready, 1 asleep, 6 tools"),
    ]);
  });

  it("are a problem where a list of them can't be read, which takes none of them away", () => {
    const fault = "ConfigMap partners/servers is not there";
    expect(judge({ faults: [fault] }).map(told)).toEqual([
      "servers ok: 1 server ready, 3 tools",
      `servers problem: the aggregator can't look for servers in 1 place\n${fault}`,
    ]);
  });

  it("are a problem where they are dead, and a warning where they are not ready yet", () => {
    const dead = { ...server, name: "b", state: "Dead", reason: "ProbeFailed", message: "no answer" };
    const starting = { ...server, name: "c", state: "Initializing", reason: "Starting", message: "wait" };
    expect(judge({ servers: [server, dead, starting] }).map(told)).toEqual([
      "servers problem: 1 server of 3 can't be called\ntools/b: Dead, ProbeFailed: no answer",
      "servers warning: 1 server of 3 not ready yet\ntools/c: Initializing, Starting: wait",
    ]);
  });

  it("F-188 whose lists can't be read are told with the error and with the last good time, and are not called empty", () => {
    const catalogue = { reason: "ListFailed", message: "-32603 no database", at: "2026-11-21T11:59:00Z" };
    const never = { ...server, name: "b", state: "Degraded", reason: "ListFailed", tools: 0, catalogue };
    const served = { ...server, name: "c", catalogue: { ...catalogue, listedAt: "2026-11-21T10:00:00Z" } };
    const old = "last listed well at 2026-11-21T10:00:00Z, and served as it was";
    expect(judge({ servers: [server, never, served] }).map(told)).toEqual([
      "servers ok: 1 server ready, 6 tools",
      [
        "servers problem: the tools of 2 servers of 3 can't be discovered",
        "tools/b: never listed yet; tried again at 2026-11-21T11:59:00Z: -32603 no database",
        `tools/c: ${old}; tried again at 2026-11-21T11:59:00Z: -32603 no database`,
      ].join("\n"),
    ]);
    const [finding, ...more] = judge({ servers: [served] }, withPods());
    expect([finding?.level, more]).toEqual(["warning", []]);
    expect(finding?.next).toContain("kubectl logs --namespace tools --selector outrigger.dev/server=c");
    expect(judge({ servers: [{ ...served, state: "Dead" }] }).map(told)[0]).toContain("can't be called");
  });

  it("F-185 that can't be reached behind a ready pod lead to the network policies, others to their log", () => {
    const out = { ...server, state: "Dead", reason: "SidecarUnreachable", message: "ETIMEDOUT" };
    const next = (change: object): string | undefined => judge({ servers: [{ ...out, ...change }] })[0]?.next;
    expect(next({})).toBe("kubectl describe networkpolicy --namespace tools");
    expect(next({ reason: "ProbeFailed" })).toBe(
      "kubectl logs --namespace tools --selector outrigger.dev/server=search --all-containers --prefix",
    );
    expect(next({ name: "elsewhere" })).toBe("see what each sentence names");
  });

  it("F-162 that policy or settings may hide from who checks are a note", () => {
    const programs = factsOf().programs;
    const withVariables = (variables: Readonly<Record<string, string>>): Facts =>
      factsOf({ programs: seen((programs.ok ? programs.value : []).map((program) => ({ ...program, variables }))) });
    const [finding] = judge({ servers: [] }, withVariables({ OUTRIGGER_ASSERTION_KEY: "/keys", OUTRIGGER_GROUPS: "a" }))
      // What is shown is told besides.
      .filter(({ level }) => level !== "ok");
    expect(finding).toEqual(
      createFinding("servers", "note", {
        message: "1 server not shown to this caller, or not found",
        objects: ["tools/search"],
        next: "look at aggregator.assertions, aggregator.groups, or check as a caller who sees them: --token-file FILE",
      }),
    );
    expect(judge({ servers: [] }, withVariables({ OUTRIGGER_GROUPS: "" })).map(({ level }) => level)).toContain(
      "problem",
    );
  });

  it("F-185 that the aggregator does not know are named, with the place where it looks", () => {
    expect(judge({ servers: [] }).map(told)).toContain(
      "servers problem: 1 server unknown to the aggregator\ntools/search: its pod search-1 is ready, and the aggregator has not found it",
    );
    const programs = factsOf().programs;
    const limited = (programs.ok ? programs.value : []).map((program) => ({
      ...program,
      variables: { OUTRIGGER_NAMESPACES: "docs" },
    }));
    const [, finding] = judge({ servers: [] }, factsOf({ programs: seen(limited) }));
    expect(finding?.objects).toEqual(["tools/search: the aggregator looks in docs alone"]);
    expect(finding?.next).toBe(
      "helm upgrade outrigger charts/outrigger --namespace outrigger-system --reset-then-reuse-values --set aggregator.namespaces[0]=docs --set aggregator.namespaces[1]=tools",
    );
    const unwired = judge({ servers: [] }, withPods({ ...pod, wiring: undefined }));
    expect(unwired.map(told).join("\n")).toContain("search-1 says of no port where its sidecar is");
  });

  it("F-185 that a pod does not have ready yet are no matter of the aggregator", () => {
    const unready = { cause: "CrashLoopBackOff", message: "", isFresh: false };
    expect(judge({ servers: [] }, withPods({ ...pod, unready })).map(({ level }) => level)).toEqual(["ok"]);
  });

  it("F-185 that offer no tool are named with what may hide every one", () => {
    const empty = { ...server, tools: 0 };
    const [, plain] = judge({ servers: [empty] });
    expect(plain?.objects).toEqual(["tools/search: it lists no tool, or its policy hides every one"]);
    const narrowing = ['outrigger.dev/deny-tools="*"'];
    const [, narrowed] = judge({ servers: [empty] }, withPods({ ...pod, narrowing }));
    expect(narrowed?.objects).toEqual([
      'tools/search: it lists no tool, or these hide every one: outrigger.dev/deny-tools="*"',
    ]);
  });
});
