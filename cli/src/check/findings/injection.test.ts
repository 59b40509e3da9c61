import { describe, expect, it } from "vitest";
import type { Facts, WorkloadFacts } from "../facts.ts";
import type { Finding } from "../finding.ts";
import { factsOf, nowMs, pod, workload } from "./facts-of.ts";
import { judgeAnnotations } from "./annotations.ts";
import { judgeInjection } from "./injection.ts";

const seen = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
const told = (findings: readonly Finding[]): readonly string[] =>
  findings
    .filter(({ level }) => level !== "ok")
    .map(({ level, message, objects = [], next = "" }) =>
      [`${level}: ${message}`, ...objects, `-> ${next}`].join("\n"),
    );
const judge = (change: Partial<Facts>): readonly string[] => told(judgeInjection(factsOf(change)));
const withWorkload = (change: Partial<WorkloadFacts>): Partial<Facts> => ({
  workloads: seen([{ ...workload, ...change }]),
});
const edit = "-> kubectl edit deployment/search --namespace tools";

describe("F-185 who gets a sidecar", () => {
  it("is nobody where nothing asks for one: the one label is told", () => {
    expect(judge({ injected: seen([]), workloads: seen([]), optedIn: seen([]) })).toEqual([
      "note: nothing asks for a sidecar: no pod and no namespace\n-> kubectl label namespace NAME outrigger.dev/inject=enabled\nkubectl rollout restart deployment --namespace NAME",
    ]);
  });

  it("could be what calls itself an MCP server", () => {
    const hinted: Partial<Facts> = withWorkload({
      opting: "unlabelled",
      hint: "image example/mcp:1",
      resources: undefined,
    });
    expect(judge(hinted)).toEqual([
      `note: 1 workload calls itself an MCP server and asks for no sidecar\ntools/deployment/search: image example/mcp:1\n-> kubectl patch deployment/search --namespace tools --patch '{"spec":{"template":{"metadata":{"labels":{"outrigger.dev/inject":"enabled"}}}}}'`,
    ]);
  });

  it("is not what opts out of an opted-in namespace, which is noted", () => {
    const out = withWorkload({ opting: "out" });
    expect(judge({ ...out, injected: seen([pod]) })).toEqual([
      "note: 1 workload of an opted-in namespace opts out by label\ntools/deployment/search\n-> ",
    ]);
    expect(judge({ ...out, injected: seen([pod]), optedIn: seen([]) })).toEqual([]);
  });

  it("is nobody whose pods are refused, which the Deployment says longer than its events", () => {
    const atMs = nowMs - 60_000;
    const refused = seen([
      { namespace: "tools", controller: "ReplicaSet search-7d9", note: "pod (Deployment search): no port", atMs },
    ]);
    expect(judge({ ...withWorkload({ failure: "no port", refusal: "no port" }), refused })).toEqual([
      `problem: pods of 1 workload are refused\ntools/deployment/search: no port\n${edit}`,
    ]);
    expect(judge({ ...withWorkload({}), refused })).toEqual([]);
    // One that is gone has no pods any more; of what made others nobody knows that.
    expect(judge({ workloads: seen([]), refused }).join()).not.toContain("refused");
    const ofStatefulSet = seen([{ namespace: "tools", controller: "StatefulSet search", note: "no port", atMs }]);
    expect(judge({ ...withWorkload({}), refused: ofStatefulSet })).toHaveLength(1);
  });

  it("would be nobody at the next restart where the template has become wrong", () => {
    expect(judge(withWorkload({ refusal: "two ports [AmbiguousPort]" }))).toEqual([
      `warning: pods of 1 workload would be refused at their next restart\ntools/deployment/search: two ports [AmbiguousPort]\n${edit}`,
    ]);
  });

  it("is not known where templates may not be seen, and that is told once", () => {
    const why = "need list cronjobs in all namespaces";
    const blind = { ok: false, why } as const;
    expect(judge({ workloads: blind })).toEqual([`unknown: could not look: ${why}\n-> `]);
    expect(judge({ workloads: blind, missed: blind })).toEqual([`unknown: could not look: ${why}\n-> `]);
  });
});

describe("labels and annotations", () => {
  it("without effect are one finding with all commands, and a word for what has none", () => {
    const fault = (object: string, mend: string) => ({ object, text: "is not read", mend });
    const facts = factsOf({
      ...withWorkload({ faults: [fault("tools/deployment/search", "kubectl patch x")] }),
      keyFaults: seen([fault("namespace tools", "")]),
    });
    expect(told(judgeAnnotations(facts))).toEqual([
      "warning: 2 labels or annotations without effect\nnamespace tools: is not read\ntools/deployment/search: is not read\n-> kubectl patch x\nmend by hand what has no command here",
    ]);
  });
});
