import { describe, expect, it } from "vitest";
import type { Facts } from "../facts.ts";
import { createFinding, type Finding } from "../finding.ts";
import { entry, factsOf, nowMs, pod } from "./facts-of.ts";
import { judgeKubernetes, judgeNodes } from "./platform.ts";
import { judgeAnnotations } from "./annotations.ts";
import { judgeLimits } from "./limits.ts";
import { judgePermissions } from "./permissions.ts";
import { judgePods } from "./pods.ts";
import { judgePrograms } from "./programs.ts";
import { judgeServices } from "./services.ts";
import { judgeWebhook } from "./webhook.ts";

const seen = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
const all = (facts: Facts): readonly Finding[] => [
  ...judgeWebhook(facts),
  ...judgePrograms(facts),
  ...judgePermissions(facts),
  ...judgePods(facts),
  ...judgeAnnotations(facts),
  ...judgeLimits(facts),
  ...judgeServices(facts),
];
const wrong = (facts: Facts): readonly Finding[] => all(facts).filter(({ level }) => level !== "ok");
const told = ({ area, level, message, objects = [] }: Finding): string =>
  [`${area} ${level}: ${message}`, ...objects].join("\n");

describe("the platform", () => {
  it.each([
    ["v1.34.2", "ok", "v1.34.2"],
    ["v1.31.0", "note", "named-port needs 1.32"],
    ["v1.29.9", "problem", "older than 1.30"],
    ["nonsense", "unknown", "no version"],
  ])("is judged by %s", (version, level, words) => {
    const [finding] = judgeKubernetes(version);
    expect(finding).toMatchObject({ level, message: expect.stringContaining(words) as unknown });
  });

  it("names every kubelet that is older than 1.30, since native sidecars hang there", () => {
    const nodes = ["v1.34.1", "v1.29.9", "v1.30.0", "unknown"].map((kubelet, index) => ({
      name: `node-${index}`,
      kubelet,
    }));
    const [finding] = judgeNodes(nodes);
    expect(finding).toMatchObject({ level: "problem", objects: ["node-1: v1.29.9", "node-3: unknown"] });
    expect(judgeNodes(nodes.slice(0, 1))).toEqual([
      createFinding("nodes", "ok", "1 node, every kubelet is 1.30 or newer"),
    ]);
  });
});

describe("an installation that is well", () => {
  it("has nothing but ok", () => {
    expect(wrong(factsOf())).toEqual([]);
    expect(all(factsOf()).length).toBeGreaterThan(8);
  });
});

const programOf = (component: string, wanted: number, ready: number) => ({
  component,
  name: `outrigger-${component}`,
  version: "0.5.0",
  wanted,
  ready,
  account: `outrigger-${component}`,
  variables: {},
});
const withPrograms = (...changed: readonly ReturnType<typeof programOf>[]): Facts => {
  const names = changed.map(({ component }) => component);
  const others = ["webhook", "aggregator", "operator"].filter((name) => !names.includes(name));
  return factsOf({ programs: seen([...others.map((name) => programOf(name, 2, 2)), ...changed]) });
};
const withCertificate = (trusted: boolean, leftMs: number): Facts => {
  const fault = trusted ? "" : "SELF_SIGNED_CERT_IN_CHAIN";
  return factsOf({ certificate: seen({ trusted, fault, fromMs: nowMs - 6 * 86_400_000, untilMs: nowMs + leftMs }) });
};
const withLease = (change: object): Facts => {
  const lease = {
    name: "outrigger-operator",
    holder: "operator-1",
    renewedMs: nowMs - 3_000,
    holdsMs: 15_000,
    ...change,
  };
  return factsOf({ lease: seen(lease) });
};
const withPod = (change: Partial<typeof pod>): Facts =>
  factsOf({ injected: seen([pod, { ...pod, name: "other", ...change }]) });

describe("what is wrong is named, with what to do", () => {
  it.each<[string, Facts, string, string]>([
    [
      "webhook at 0",
      withPrograms(programOf("webhook", 0, 0)),
      "webhook problem: deployment/outrigger-webhook is scaled to 0",
      "kubectl scale",
    ],
    [
      "webhook unready",
      withPrograms(programOf("webhook", 2, 0)),
      "webhook problem: 0 of 2 pods ready",
      "kubectl describe",
    ],
    [
      "webhook half ready",
      withPrograms(programOf("webhook", 2, 1)),
      "webhook warning: 1 of 2 pods ready",
      "kubectl describe",
    ],
    [
      "a single webhook",
      withPrograms(programOf("webhook", 1, 1)),
      "webhook warning: failurePolicy Fail with fewer than 2 replicas",
      "--set webhook.replicas=2",
    ],
    [
      "aggregator unready",
      withPrograms(programOf("aggregator", 2, 0)),
      "aggregator problem: 0 of 2 pods ready",
      "kubectl describe",
    ],
    [
      "no aggregator",
      factsOf({ programs: seen([programOf("webhook", 2, 2), programOf("operator", 1, 1)]) }),
      "aggregator problem: no deployment/outrigger-aggregator",
      "install",
    ],
    ["no configuration", factsOf({ entries: seen([]) }), "webhook problem: no webhook configuration", "helm upgrade"],
    [
      "no caBundle",
      factsOf({ entries: seen([entry, { ...entry, name: "b", caBundle: "" }]) }),
      "webhook problem: the webhook configuration has no caBundle",
      "kubectl logs",
    ],
    [
      "another authority",
      withCertificate(false, 86_400_000),
      "certificate problem: what the webhook serves is not trusted by its caBundle: SELF_SIGNED_CERT_IN_CHAIN",
      "caBundle",
    ],
    ["a certificate that ended", withCertificate(true, -1), "certificate problem: ended on 2026-11-21", "renew"],
    [
      "a late certificate",
      withCertificate(true, 20 * 3_600_000),
      "certificate warning: trusted, ends on 2026-11-22: 20 hours left",
      "log",
    ],
    ["no leader", withLease({ holder: "" }), "operator problem: nobody holds the lease", "kubectl logs"],
    [
      "a silent leader",
      withLease({ renewedMs: nowMs - 60_000 }),
      "operator problem: operator-1 holds the lease, and last renewed it 60 s ago",
      "kubectl logs",
    ],
    [
      "an old sidecar",
      withPod({ version: "0.2.0", image: "outrigger-sidecar:0.2.0" }),
      "sidecars problem: 1 sidecar more than 2 minor versions",
      "kubectl rollout restart deployment/search --namespace tools",
    ],
    [
      "a sidecar two versions behind",
      withPod({ version: "0.3.0", image: "outrigger-sidecar:0.3.0" }),
      "sidecars note: 1 sidecar not the installed one",
      "kubectl rollout restart",
    ],
    [
      "a sidecar of another image",
      withPod({ image: "other:0.5.0" }),
      "sidecars note: 1 sidecar not the installed one",
      "kubectl rollout restart",
    ],
    [
      "a pod without",
      factsOf({
        missed: seen([{ namespace: "tools", name: "bare", why: "hostNetwork [HostNetwork]", isRefused: true }]),
      }),
      "injection problem: 1 pod should have a sidecar and lacks it\ntools/bare: hostNetwork [HostNetwork]",
      "mend what the messages name",
    ],
    [
      "a pod that was made too early",
      factsOf({ missed: seen([{ namespace: "tools", name: "bare", why: "older [NotInjected]", isRefused: false }]) }),
      "injection problem: 1 pod should have a sidecar and lacks it\ntools/bare: older [NotInjected]",
      "kubectl get pod/bare --namespace tools --output yaml | kubectl replace --force --filename -",
    ],
    [
      "a refusal",
      factsOf({
        refused: seen([{ namespace: "tools", controller: "ReplicaSet a", note: "no port", atMs: nowMs - 60_000 }]),
      }),
      "injection warning: pods of 1 controller were refused in the last 15 minutes\ntools/ReplicaSet a: no port",
      "mend",
    ],
    [
      "a way round",
      withPod({ enforced: { status: "False", reason: "BypassReachable", message: "10.0.0.1:80 accepted" } }),
      "enforcement problem: 1 pod can be reached past the sidecar\ntools/other: BypassReachable: 10.0.0.1:80 accepted",
      "loopback",
    ],
    [
      "nothing learned",
      withPod({ enforced: { status: "Unknown", reason: "ProbeInconclusive", message: "no answer" } }),
      "enforcement warning: for 1 pod it is not known whether a way leads round the sidecar\ntools/other: ProbeInconclusive: no answer",
      "next probe",
    ],
    [
      "nobody probed",
      withPod({ enforced: undefined }),
      "enforcement warning: for 1 pod it is not known whether a way leads round the sidecar\ntools/other: NotProbed",
      "next probe",
    ],
  ])("%s", (_name, facts, expected, next) => {
    const found = wrong(facts).find((finding) => told(finding).includes(expected));
    expect(found, wrong(facts).map(told).join("\n")).toBeDefined();
    expect(found?.next).toContain(next);
  });

  it("programs of different versions, and pods of one program with different images", () => {
    const first = { component: "webhook", name: "webhook-1", version: "0.5.0", image: "w:0.5.0" };
    const judge = (second: object) =>
      judgePrograms(factsOf({ programPods: seen([first, { ...first, name: "webhook-2", ...second }]) }));
    expect(judge({ version: "0.4.0" }).map(told).join("\n")).toContain(
      "versions warning: programs of different versions\nwebhook-1: 0.5.0, w:0.5.0\nwebhook-2: 0.4.0, w:0.5.0",
    );
    expect(judge({ image: "w@sha256:1" }).map(told).join("\n")).toContain("versions warning: pods of one program");
  });
});

describe("what is no fault", () => {
  it("an installation without an operator is noted, and its lease is not asked for", () => {
    const programs = seen([programOf("webhook", 2, 2), programOf("aggregator", 2, 2)]);
    const lease = { ok: false, why: "leases outrigger-operator: not found" } as const;
    expect(wrong(factsOf({ programs, lease })).map(told)).toEqual([
      "operator note: none: nothing signs policies or probes",
    ]);
  });

  it("failurePolicy Ignore with one replica is noted alone", () => {
    const facts = {
      ...withPrograms(programOf("webhook", 1, 1)),
      entries: seen([{ ...entry, failurePolicy: "Ignore" }]),
    };
    expect(wrong(facts).map(({ area, level }) => `${area} ${level}`)).toEqual(["webhook note"]);
  });

  it("an installation without servers is noted once", () => {
    const facts = factsOf({ injected: seen([]), workloads: seen([]) });
    expect(wrong(facts).map(told)).toEqual([
      "sidecars note: no pod has a sidecar yet",
      "injection note: tools: opted in, and without a workload",
    ]);
  });

  it("a refusal of an hour ago is past", () => {
    const refused = seen([{ namespace: "tools", controller: "ReplicaSet a", note: "", atMs: nowMs - 3_600_000 }]);
    expect(wrong(factsOf({ refused }))).toEqual([]);
  });

  it("what belongs to no namespace is not spoken of where it was left out", () => {
    const { entries, certificate, ...limited } = factsOf();
    expect([entries?.ok, certificate?.ok]).toEqual([true, true]);
    expect(all(limited).map(({ area }) => area)).not.toContain("certificate");
    expect(wrong(limited)).toEqual([]);
  });
});
