import { bundleType } from "@outrigger/api/bundle";
import { bundleObject, trustObject } from "@outrigger/api/cluster-objects";
import { keys } from "@outrigger/api/keys";
import { resources } from "@outrigger/kube";
import { readJwks, verifyCompact } from "@outrigger/runtime/jws";
import { afterEach, expect, it } from "vitest";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import type { FakeObject } from "../fixtures/fake-kube/store.ts";
import {
  makeInjectedPod,
  makePolicy,
  ownNamespace,
  setNamespace,
  startOperatorProgram,
  type RunningOperator,
} from "../fixtures/operator.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function startKube(): Promise<FakeKube> {
  const kube = await startFakeKube();
  ends.push(() => kube.close());
  return kube;
}

async function startOperator(kube: FakeKube, policy: string, flags: readonly string[] = []): Promise<RunningOperator> {
  const operator = await startOperatorProgram(kube, policy, flags);
  ends.push(() => operator.close());
  return operator;
}

const optedIn = { [keys.inject.key]: "enabled" };
const dataOf = (object: FakeObject | undefined): Record<string, string> =>
  (object?.["data"] ?? {}) as Record<string, string>;
const bundleOf = (kube: FakeKube, namespace: string): string | undefined =>
  dataOf(kube.store.of(resources.configMaps).get(ownNamespace, `outrigger-bundle-${namespace}`))[
    bundleObject.policyMember
  ];
const publishedKeys = (kube: FakeKube): string =>
  dataOf(kube.store.of(resources.configMaps).get(ownNamespace, "outrigger-trust"))[trustObject.publicMember] ?? "";
const podPolicy = (kube: FakeKube, name: string): string | undefined =>
  kube.store.of(resources.pods).get("tools", name)?.metadata.annotations?.[keys.policy.key];

interface Payload {
  readonly audience: object;
  readonly version: number;
  readonly layers: readonly unknown[];
}

/** The payload of a bundle whose signature is by one of the published keys. */
async function open(kube: FakeKube, text: string | undefined): Promise<Payload> {
  const trusted = readJwks(JSON.parse(publishedKeys(kube)));
  const verified = await verifyCompact(text ?? "", { keys: trusted!, type: bundleType });
  if (!verified.ok) throw new Error(verified.message);
  return JSON.parse(Buffer.from(verified.payload).toString()) as Payload;
}

it("makes keys, signs policy for namespaces and pods, follows the policy, and takes back what is wanted no more", async () => {
  const kube = await startKube();
  setNamespace(kube, "tools", optedIn);
  setNamespace(kube, "plain");
  setNamespace(kube, "kube-system", optedIn);
  const policy = makePolicy(kube, "tools: { deny: [drop] }");
  const operator = await startOperator(kube, policy.name);
  const first = await waitFor("the namespace's policy", () => bundleOf(kube, "tools"));
  expect(await open(kube, first)).toMatchObject({
    audience: { namespace: "tools" },
    layers: [{ tools: { deny: ["drop"] } }],
  });
  expect([bundleOf(kube, "plain"), bundleOf(kube, "kube-system")]).toEqual([undefined, undefined]);
  expect(dataOf(kube.store.of(resources.secrets).get(ownNamespace, "outrigger-trust"))).toHaveProperty(["private.jwk"]);

  kube.store.set(
    makeInjectedPod("search-1", { trustKeys: publishedKeys(kube), annotations: { [keys.policy.key]: first } }),
  );
  policy.write("tools: { deny: [drop] }\nservers: { tools/search: { tools: { allow: [find] } } }");
  const own = await waitFor("the server's policy", async () => {
    const text = podPolicy(kube, "search-1");
    return text !== first && text !== undefined ? open(kube, text) : undefined;
  });
  expect(own).toMatchObject({
    audience: { namespace: "tools", server: "search" },
    layers: [{}, { tools: { allow: ["find"] } }],
  });

  // A pod's own annotations stay, and nothing is written where nothing changed.
  const { metadata } = kube.store.of(resources.pods).get("tools", "search-1")!;
  expect(metadata.annotations).toHaveProperty([keys.endpoint.key], "19080/mcp");
  // What was measured about the pod is written, too, in its own time.
  const patches = (): number =>
    kube.seen.filter(
      ({ kind, path, body }) => kind === "patch" && path.includes("/pods/") && body.includes("outrigger.dev~1policy"),
    ).length;
  const before = patches();
  setNamespace(kube, "more", optedIn);
  await waitFor("another namespace's policy", () => bundleOf(kube, "more"));
  expect(patches()).toBe(before);

  policy.write("tools: [");
  await waitFor("the fault to be told", async () => (await operator.metrics()).includes("policy_valid 0"));
  expect(bundleOf(kube, "more")).toBeDefined();
  setNamespace(kube, "more");
  await waitFor("the end of its policy", () => bundleOf(kube, "more") === undefined);
  expect(bundleOf(kube, "tools")).toBeDefined();
  expect(await operator.readiness()).toBe(200);
});

it("isolates a namespace as soon as its label is there, repairs its policies, and leaves those of others alone", async () => {
  const kube = await startKube();
  const policies = kube.store.of(resources.networkPolicies);
  const names = (): string[] => policies.list().map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  const theirs = policies.set({
    metadata: { name: "theirs", namespace: "tools" },
    spec: { podSelector: {}, ingress: [{}] },
  });
  setNamespace(kube, "tools");
  const { name } = makePolicy(kube, "{}");
  const clients = JSON.stringify([{ podSelector: { matchLabels: { app: "client" } } }]);
  const operator = await startOperator(kube, name, ["--clients", clients]);
  await waitFor("a leader", () => operator.log.some(({ msg }) => msg === "leading"));
  expect(names()).toEqual(["tools/theirs"]);

  setNamespace(kube, "tools", { [keys.enforce.key]: "required" });
  await waitFor("four policies", () => names().length === 5);
  const data = policies.get("tools", "outrigger-port-19080");
  expect(data?.["spec"]).toMatchObject({ podSelector: { matchLabels: { [keys.injected.key]: "true" } } });
  expect(JSON.stringify(data?.["spec"])).toContain('"app":"client"');

  policies.set({ ...policies.get("tools", "outrigger-default-deny")!, spec: { podSelector: {} } });
  await waitFor("the repair", () =>
    JSON.stringify(policies.get("tools", "outrigger-default-deny")).includes("injected"),
  );

  kube.store.set(makeInjectedPod("search-1"));
  const events = kube.store.of(resources.events);
  await waitFor("word of the foreign policy", () =>
    events.list().some((event) => event["reason"] === "ForeignPolicyOpens"),
  );
  expect(policies.get("tools", "theirs")).toEqual(theirs);

  kube.store.remove("tools", "search-1");
  setNamespace(kube, "tools");
  await waitFor("the end of ours", () => names().join() === "tools/theirs");
});

it("tells owners what happened to their pods: injected, skipped, refused", async () => {
  const kube = await startKube();
  setNamespace(kube, "tools", optedIn);
  const deployment = { apiVersion: "apps/v1", kind: "Deployment", name: "search", uid: "d1", controller: true };
  const replicaSet = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "search-abc", uid: "r1", controller: true };
  kube.store
    .of(resources.replicaSets)
    .set({ metadata: { name: "search-abc", namespace: "tools", uid: "r1", ownerReferences: [deployment] } });
  const { name } = makePolicy(kube, "{}");
  await startOperator(kube, name);
  kube.store.set(makeInjectedPod("search-1", { owner: replicaSet }));
  kube.store.set({ metadata: { name: "missed", namespace: "tools" } });
  kube.store.set({ metadata: { name: "out", namespace: "tools", labels: { [keys.inject.key]: "disabled" } } });
  kube.store.of(resources.events).set({
    metadata: { name: "failed", namespace: "tools", creationTimestamp: new Date().toISOString() },
    reason: "FailedCreate",
    regarding: { apiVersion: "apps/v1", kind: "ReplicaSet", name: "search-abc", namespace: "tools", uid: "r1" },
    note: 'admission webhook "namespace.inject.outrigger.dev" denied the request: 1 problem in pod "x": (1) no port [NoPort]',
  });
  const told = (): string[] =>
    kube.store
      .of(resources.events)
      .list()
      .filter((event) => event["reportingController"] === "outrigger.dev/operator")
      .map((event) => `${String(event["reason"])} ${(event["regarding"] as { kind: string; name: string }).name}`)
      .filter((line) => !/Probe/.test(line))
      .sort();
  await waitFor("all four", () => told().length >= 4);
  expect(told()).toEqual(["Injected search", "InjectionRefused search", "NotInjected missed", "OptedOut out"]);
});

it("goes on through refusals, conflicts and expired versions of the API server", async () => {
  const kube = await startKube();
  setNamespace(kube, "tools", optedIn);
  const { name } = makePolicy(kube, "{}");
  kube.fail({ on: "create", path: /leases/, status: 500 });
  kube.fail({ on: "create", path: /secrets/, status: 409, body: '{"reason":"AlreadyExists"}' });
  kube.fail({ on: "patch", path: /configmaps/, status: 429, headers: { "retry-after": "1" } });
  kube.fail({ on: "patch", path: /networkpolicies/, status: 409, body: '{"reason":"Conflict"}' });
  kube.fail({ on: "list", path: /namespaces$/, status: 500 });
  kube.fail({ on: "watch", path: /pods/, status: 410, body: "{}" });
  const operator = await startOperator(kube, name);
  await waitFor("the namespace's policy", () => bundleOf(kube, "tools"), 20_000);
  await waitFor("its isolation", () => kube.store.of(resources.networkPolicies).list().length === 4);
  kube.store.forget();
  kube.dropWatches();
  setNamespace(kube, "more", optedIn);
  await waitFor("a namespace that came while no watch was open", () => bundleOf(kube, "more"), 20_000);
  const errors = operator.log.filter(({ level }) => level === "error");
  expect(errors).toEqual([]);
});

it("believes nothing of what is not there before it has seen everything", async () => {
  const kube = await startKube();
  setNamespace(kube, "tools", optedIn);
  const { name } = makePolicy(kube, "{}");
  const before = await startOperator(kube, name);
  const text = await waitFor("the namespace's policy", () => bundleOf(kube, "tools"));
  await waitFor("its isolation", () => kube.store.of(resources.networkPolicies).list().length === 4);
  await before.close();
  // The namespaces can't be listed: to the next one they all seem to be gone.
  const heal = kube.failWhile(({ path: at }) => (at === "/api/v1/namespaces" ? { status: 503 } : undefined));
  const after = await startOperator(kube, name);
  await waitFor("a leader", () => after.log.some(({ msg }) => msg === "leading"));
  await waitFor(
    "several looks",
    () => kube.seen.filter(({ path: at }) => at === "/api/v1/namespaces").length > 4,
    20_000,
  );
  expect(await after.readiness()).toBe(503);
  expect([bundleOf(kube, "tools"), kube.store.of(resources.networkPolicies).list().length]).toEqual([text, 4]);
  heal();
  await waitFor("readiness", async () => (await after.readiness()) === 200, 40_000);
  expect(bundleOf(kube, "tools")).toBe(text);
});

it("hands over to another replica at once when it ends, and writes nothing after it lost its lease", async () => {
  const kube = await startKube();
  setNamespace(kube, "tools", optedIn);
  const { name } = makePolicy(kube, "{}");
  const [a, b] = [
    await startOperator(kube, name, ["--identity", "a"]),
    await startOperator(kube, name, ["--identity", "b"]),
  ];
  const leads = (operator: RunningOperator): boolean =>
    operator.log.findLast(({ msg }) => msg === "leading" || msg === "no longer leading")?.["msg"] === "leading";
  const first = await waitFor("a leader", () => [a, b].find(leads));
  const second = first === a ? b : a;
  expect(leads(second)).toBe(false);
  expect(await first.metrics()).toContain("outrigger_operator_leader 1");
  expect(await second.metrics()).toContain("outrigger_operator_leader 0");
  expect(await second.readiness()).toBe(200);

  const heal = kube.failWhile(({ path: at }) => (at.includes("/leases") ? { status: "hang" } : undefined));
  await waitFor("its end as a leader", () => !leads(first), 20_000);
  const seen = kube.seen.length;
  setNamespace(kube, "late", optedIn);
  await waitFor(
    "several looks at the lease",
    () => kube.seen.slice(seen).filter(({ path: at }) => at.includes("/leases")).length >= 2,
    20_000,
  );
  const writes = kube.seen
    .slice(seen)
    .filter(({ kind, path: at }) => kind !== "get" && kind !== "list" && kind !== "watch" && !at.includes("/leases"));
  expect(writes).toEqual([]);
  heal();
  await waitFor("what was left to do", () => bundleOf(kube, "late"), 20_000);

  const leader = await waitFor("the leader", () => [a, b].find(leads));
  const other = leader === a ? b : a;
  await leader.close();
  await waitFor("the other to lead", () => leads(other));
});

it("replaces the key that signs without leaving a pod behind", async () => {
  const kube = await startKube();
  setNamespace(kube, "tools", optedIn);
  const policy = makePolicy(kube, "{}");
  const idsOf = (text: string): string[] =>
    (JSON.parse(text) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
  const before = await startOperator(kube, policy.name);
  const oldKeys = await waitFor("the first key", () => publishedKeys(kube) || undefined);
  kube.store.set(makeInjectedPod("pinned", { trustKeys: oldKeys }));
  await waitFor("its policy", () => podPolicy(kube, "pinned"));
  await before.close();

  await startOperator(kube, policy.name, ["--trust-lifetime", "1ms", "--trust-overlap", "200ms"]);
  await waitFor("a second key", () => idsOf(publishedKeys(kube)).length === 2);
  expect(idsOf(publishedKeys(kube))[1]).toBe(idsOf(oldKeys)[0]);
  policy.write("tools: { deny: [drop] }");
  const kidOf = (text: string): unknown =>
    (JSON.parse(Buffer.from(text.split(".")[0]!, "base64url").toString()) as { kid: unknown }).kid;
  await waitFor(
    "the pod's new policy",
    async () =>
      (await open(kube, podPolicy(kube, "pinned"))).layers.length === 1 &&
      JSON.stringify(await open(kube, podPolicy(kube, "pinned"))).includes("drop"),
  );
  expect(kidOf(podPolicy(kube, "pinned")!)).toBe(idsOf(oldKeys)[0]);

  const bothKeys = publishedKeys(kube);
  kube.store.remove("tools", "pinned");
  kube.store.set(makeInjectedPod("restarted", { trustKeys: bothKeys }));
  await waitFor("the end of the old key", () => !idsOf(publishedKeys(kube)).includes(idsOf(oldKeys)[0]!));
});
