import fc from "fast-check";
import { expect, it } from "vitest";
import { listAppPorts } from "../cluster/app-ports.ts";
import { toCanonical } from "../cluster/canonical.ts";
import type { InjectedPod } from "../cluster/injected-pod.ts";
import { readNetworkPolicy, selects, type NetworkPolicyFacts } from "../cluster/network-policy.ts";
import { makePod } from "../testing/pod.ts";
import { findForeignOpenings } from "./foreign.ts";
import { parsePeers } from "./peers.ts";
import { reconcileIsolation, type IsolationPlan } from "./reconcile.ts";
import { buildPolicies, toPolicyObject, type Admitted } from "./wanted.ts";

const peer = (name: string) => ({ podSelector: { matchLabels: { name } } });
const admitted: Admitted = {
  aggregators: [peer("aggregator")],
  clients: [peer("client")],
  monitoring: [peer("prometheus")],
  probers: [peer("operator")],
  watchers: [],
};

const specOf = (name: string, pods: readonly InjectedPod[], who = admitted) =>
  buildPolicies(pods, who).policies.find((policy) => policy.name === name)?.spec;

/** What the policies of a namespace let in: `<peer> <port>` for one pod. */
function listOpened(pod: InjectedPod, pods: readonly InjectedPod[], who = admitted): string[] {
  const { policies } = buildPolicies(pods, who);
  const own = policies.filter(({ spec }) => selects(spec.podSelector ?? {}, pod.labels));
  return own
    .flatMap(({ spec }) => spec.ingress ?? [])
    .flatMap(({ from = [{}], ports = [{ port: "all" }] }) =>
      from.flatMap((each) => ports.map(({ port }) => `${JSON.stringify(each)} ${port}`)),
    )
    .map((line) => line.replace(/\{"podSelector":\{"matchLabels":\{"name":"(\w+)"\}\}\}/, "$1"))
    .sort();
}

it("closes injected pods before the first one exists, and opens the sidecar's ports to those who need them", () => {
  expect(specOf("outrigger-default-deny", [])).toEqual({
    podSelector: { matchLabels: { "outrigger.dev/injected": "true" } },
    policyTypes: ["Ingress"],
  });
  expect(listOpened(makePod("a"), [])).toEqual([
    "aggregator 19080",
    "aggregator 19081",
    "client 19080",
    "operator 19082",
    "prometheus 19082",
  ]);
});

it("opens another data port on the pods of those servers alone whose sidecars hold it", () => {
  const loopback = makePod("l", { server: "files", dataPort: 8_080, guarantee: "loopback" });
  const plain = makePod("p");
  expect(listOpened(loopback, [loopback, plain])).toContain("aggregator 8080");
  expect(listOpened(plain, [loopback, plain])).not.toContain("aggregator 8080");
});

it("keeps a port closed while some pods of the server have the app there and others the sidecar, and says so", () => {
  const before = makePod("before");
  const after = makePod("after", { dataPort: 8_080, guarantee: "loopback" });
  expect(listOpened(before, [before, after])).not.toContain("aggregator 8080");
  expect(buildPolicies([before, after], admitted).withheld).toEqual([{ server: "search", port: 8_080 }]);
  expect(listOpened(after, [after])).toContain("aggregator 8080");
});

it("lets the operator ask sidecars how much they are used where servers may sleep, and else nobody but the aggregator", () => {
  const pod = makePod("a");
  expect(listOpened(pod, [pod])).not.toContain("operator 19081");
  expect(listOpened(pod, [pod], { ...admitted, watchers: [peer("operator")] })).toContain("operator 19081");
});

it("admits nobody, rather than everybody, where a list of peers is empty", () => {
  const nobody: Admitted = { aggregators: [], clients: [], monitoring: [], probers: [], watchers: [] };
  expect(buildPolicies([], nobody).policies.map(({ name }) => name)).toEqual(["outrigger-default-deny"]);
});

it("never opens a port of an app, whatever pods there are", () => {
  const port = fc.constantFrom(8_080, 9_000, 19_080, 3_000);
  const pod = fc.record({
    server: fc.constantFrom("a", "b", "c"),
    dataPort: fc.option(port, { nil: undefined }),
    upstreamPort: fc.option(port, { nil: undefined }),
    declaredPorts: fc.uniqueArray(port),
  });
  fc.assert(
    fc.property(fc.array(pod, { maxLength: 6 }), (changes) => {
      const pods = changes.map((change, index) => makePod(`p${index}`, change));
      for (const each of pods) {
        const opened = listOpened(each, pods).map((line) => Number(line.split(" ")[1]));
        expect(listAppPorts(each).filter((app) => opened.includes(app))).toEqual([]);
      }
    }),
  );
});

const observed = { guarded: ["tools"], pods: [makePod("a")], policies: [] as readonly NetworkPolicyFacts[] };

/** What the API server shows after a plan was carried out. */
function carryOut(plan: IsolationPlan, before: readonly NetworkPolicyFacts[]): NetworkPolicyFacts[] {
  const written = plan.writes.flatMap(({ namespace, ...policy }) => {
    const { metadata, spec } = toPolicyObject(policy);
    return (
      readNetworkPolicy({ metadata: { ...metadata, name: policy.name, namespace, uid: policy.name }, spec: spec! }) ??
      []
    );
  });
  const gone = new Set([...plan.removals, ...plan.writes].map(({ namespace, name }) => `${namespace}/${name}`));
  return [...before.filter(({ namespace, name }) => !gone.has(`${namespace}/${name}`)), ...written];
}

it("comes to rest, repairs what was altered, and takes back what is wanted no more", () => {
  const first = reconcileIsolation(observed, admitted);
  expect(first.writes).toHaveLength(4);
  const policies = carryOut(first, []);
  expect(reconcileIsolation({ ...observed, policies }, admitted)).toMatchObject({ writes: [], removals: [] });
  const altered = policies.map((policy) => ({ ...policy, spec: policy.name.endsWith("deny") ? "{}" : policy.spec }));
  expect(reconcileIsolation({ ...observed, policies: altered }, admitted).writes).toHaveLength(1);
  const left = reconcileIsolation({ guarded: [], pods: [], policies }, admitted);
  expect([left.writes.length, left.removals.length]).toEqual([0, 4]);
  expect(reconcileIsolation({ ...observed, policies }, undefined).removals).toHaveLength(4);
});

it("never edits or removes a policy of somebody else, not even under a name of ours", () => {
  const foreign: NetworkPolicyFacts = {
    namespace: "tools",
    name: "outrigger-default-deny",
    uid: "f",
    isOurs: false,
    spec: toCanonical({}),
    podSelector: {},
    ingress: [],
  };
  const plan = reconcileIsolation({ ...observed, policies: [foreign] }, admitted);
  expect(plan.writes.map(({ name }) => name)).not.toContain(foreign.name);
  expect([plan.removals, plan.taken]).toEqual([[], [foreign]]);
});

it("tells of policies of others that open the app's port, and of no others", () => {
  const policyOf = (ingress: NetworkPolicyFacts["ingress"], podSelector = {}): NetworkPolicyFacts => ({
    namespace: "tools",
    name: "theirs",
    uid: "f",
    isOurs: false,
    spec: "",
    podSelector,
    ingress,
  });
  const find = (policy: NetworkPolicyFacts, pod = makePod("a")) =>
    findForeignOpenings([policy], [pod]).map(({ port }) => port);
  expect(find(policyOf([{}]))).toEqual([8_080]);
  expect(find(policyOf([{ ports: [{ port: 8_080 }] }]))).toEqual([8_080]);
  expect(find(policyOf([{ ports: [{ port: 8_000, endPort: 8_100 }] }]))).toEqual([8_080]);
  expect(find(policyOf([{ ports: [{ port: "http" }] }]))).toEqual(["http"]);
  expect(find(policyOf([{ ports: [{ protocol: "TCP" }] }]))).toEqual([8_080]);
  expect(find(policyOf([{ ports: [{ port: 8_080, protocol: "UDP" }, { port: 19_080 }] }]))).toEqual([]);
  expect(find(policyOf([{}], { matchLabels: { app: "other" } }))).toEqual([]);
  expect(find(policyOf([]))).toEqual([]);
  expect(find(policyOf([{}]), makePod("l", { guarantee: "loopback", dataPort: 8_080 }))).toEqual([]);
});

it("selects as Kubernetes does", () => {
  const labels = { a: "1" };
  const term = (operator: string, values?: string[]) => ({
    matchExpressions: [{ key: "a", operator, ...(values === undefined ? {} : { values }) }],
  });
  expect(selects({}, labels)).toBe(true);
  expect([selects(term("In", ["1"]), labels), selects(term("In", ["2"]), labels)]).toEqual([true, false]);
  expect([selects(term("NotIn", ["1"]), labels), selects(term("NotIn", ["2"]), {})]).toEqual([false, true]);
  expect([selects(term("Exists"), labels), selects(term("DoesNotExist"), labels)]).toEqual([true, false]);
});

it("takes a list of peers as a setting, and none that says nothing", () => {
  expect(parsePeers('[{"podSelector":{}},{"ipBlock":{"cidr":"10.0.0.0/8"}}]')).toMatchObject({ ok: true });
  for (const text of ["", "{}", "[{}]", "[7]", '[{"selector":{}}]', '[{"podSelector":1}]']) {
    expect(parsePeers(text)).toMatchObject({ ok: false });
  }
});
