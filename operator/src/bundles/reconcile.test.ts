import { bundleType } from "@outrigger/api/bundle";
import { generateKeyPair, verifyCompact, type PrivateJwk } from "@outrigger/runtime/jws";
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { digestOf, type InjectedPod } from "../cluster/injected-pod.ts";
import type { BundleFacts } from "../cluster/own-objects.ts";
import { readBundleVersion } from "../cluster/trust-of-pod.ts";
import { readPolicy, type PolicySet } from "../policy/read-policy.ts";
import { makePod } from "../testing/pod.ts";
import { toJwks } from "../trust/reconcile.ts";
import type { ObservedBundles } from "./observe.ts";
import { nameBundle, reconcileBundles, type BundlePlan } from "./reconcile.ts";
import { createSigner } from "./sign.ts";

const sign = createSigner();
const options = { prefix: "bundle", settleMs: 60_000 };
const nowMs = Date.parse("2026-11-21T10:00:00Z");
let old: PrivateJwk;
let young: PrivateJwk;

beforeAll(async () => {
  old = (await generateKeyPair()).privateJwk;
  young = (await generateKeyPair()).privateJwk;
});

function policyOf(text: string): PolicySet {
  const read = readPolicy(text);
  if (!read.ok) throw new Error(read.problems.join());
  return read.policy;
}

const policy = policyOf("tools: { deny: [drop] }");
const narrowed = policyOf("tools: { deny: [drop] }\nservers: { tools/search: { tools: { allow: [find] } } }");

const podOf = (name: string, change: Partial<InjectedPod> = {}): InjectedPod =>
  makePod(name, { pinnedKeys: [old.kid], ...change });

const observe = (change: Partial<ObservedBundles> = {}): ObservedBundles => ({
  policy,
  keys: { current: old, previous: undefined, createdMs: 0 },
  guarded: ["tools"],
  published: [],
  pods: [],
  nowMs,
  ...change,
});

/** What stands there after a plan was carried out. */
function carryOut(plan: BundlePlan, before: ObservedBundles): ObservedBundles {
  const removed = new Set(plan.removals.map(({ name }) => name));
  const written = new Map<string, BundleFacts>(before.published.map((bundle) => [bundle.name, bundle]));
  for (const { namespace, text, state } of plan.writes) {
    const name = nameBundle(options.prefix, namespace);
    written.set(name, { name, uid: name, namespace, digest: digestOf(text), version: readBundleVersion(text), state });
  }
  const patched = new Map(plan.patches.map(({ pod, text }) => [pod.uid, text]));
  const pods = before.pods.map((pod) => {
    const text = patched.get(pod.uid);
    return text === undefined ? pod : { ...pod, policy: { digest: digestOf(text), version: readBundleVersion(text) } };
  });
  return { ...before, pods, published: [...written.values()].filter(({ name }) => !removed.has(name)) };
}

const plan = (observed: ObservedBundles): Promise<BundlePlan> => reconcileBundles(observed, sign, options);
const count = ({ writes, patches, removals }: BundlePlan) => [writes.length, patches.length, removals.length];

it("writes the policy of a namespace before its first pod exists, signed so that the key's owner is provable", async () => {
  const [write] = (await plan(observe())).writes;
  const verified = await verifyCompact(write!.text, {
    keys: toJwks({ current: old, previous: undefined, createdMs: 0 }),
    type: bundleType,
  });
  expect(verified).toMatchObject({ ok: true });
  const payload: unknown = verified.ok && JSON.parse(Buffer.from(verified.payload).toString());
  expect(payload).toEqual({
    format: 1,
    audience: { namespace: "tools" },
    version: nowMs,
    layers: [{ tools: { deny: ["drop"] } }],
  });
});

it("gives a pod without policy its own, and leaves one alone that carries what its server is to have", async () => {
  const first = observe({ pods: [podOf("a"), podOf("b", { server: "other" })], policy: narrowed });
  const done = carryOut(await plan(first), first);
  expect(count(await plan(done))).toEqual([0, 0, 0]);
  expect(count(await plan({ ...done, nowMs: nowMs + 1_000_000 }))).toEqual([0, 0, 0]);
  // A new pod comes with the namespace's policy; only where its server has one of its own it is replaced.
  const [namespaceBundle] = done.published;
  const fresh = { digest: namespaceBundle!.digest, version: namespaceBundle!.version };
  const pods = [...done.pods, podOf("c", { policy: fresh }), podOf("d", { server: "other", policy: fresh })];
  const next = await plan({ ...done, pods });
  expect(next.patches.map(({ pod }) => pod.name)).toEqual(["c"]);
  expect(readBundleVersion(next.patches[0]!.text)).toBe(fresh.version);
});

it("replaces what somebody altered, also where it claims the right version", async () => {
  const first = observe({ pods: [podOf("a")] });
  const done = carryOut(await plan(first), first);
  const [bundle] = done.published;
  const altered = { digest: "x", version: bundle!.version };
  expect(count(await plan({ ...done, pods: [podOf("a", { policy: altered })] }))).toEqual([0, 1, 0]);
  expect(count(await plan({ ...done, published: [{ ...bundle!, digest: "x" }] }))).toEqual([1, 0, 0]);
  expect(count(await plan({ ...done, published: [] }))).toEqual([1, 0, 0]);
});

it("raises the version with each change, also when the clock went back, and never follows a version from far ahead", async () => {
  const first = observe({ pods: [podOf("a")] });
  const done = carryOut(await plan(first), first);
  const changed = { ...done, policy: narrowed, nowMs: nowMs - 5_000_000 };
  const next = await plan(changed);
  const version = readBundleVersion(next.writes[0]!.text)!;
  expect(version).toBeGreaterThan(nowMs);
  expect(readBundleVersion(next.patches[0]!.text)).toBe(version);
  const poisoned = podOf("b", { policy: { digest: "x", version: Number.MAX_SAFE_INTEGER } });
  const after = await plan({ ...changed, pods: [poisoned] });
  expect(readBundleVersion(after.writes[0]!.text)).toBeLessThan(nowMs + 10);
});

it("takes the policy from a namespace that is guarded no more, and nothing from others", async () => {
  const first = observe({ guarded: ["tools", "more"] });
  const done = carryOut(await plan(first), first);
  const next = await plan({ ...done, guarded: ["tools"] });
  expect(next.removals).toEqual([{ name: "bundle-more", uid: "bundle-more" }]);
  expect(count(next)).toEqual([0, 0, 1]);
});

it("signs with a key that the pod trusts, and says how many trust none", async () => {
  const keys = { current: young, previous: old, createdMs: nowMs - 120_000 };
  const pods = [
    podOf("old"),
    podOf("both", { pinnedKeys: [young.kid, old.kid] }),
    podOf("none", { pinnedKeys: ["x"] }),
    podOf("unpinned", { pinnedKeys: [] }),
  ];
  const { patches, unsigned } = await plan(observe({ keys, pods }));
  const kidOf = (text: string): unknown =>
    (JSON.parse(Buffer.from(text.split(".")[0]!, "base64url").toString()) as { kid: unknown }).kid;
  expect(patches.map(({ pod, text }) => [pod.name, kidOf(text)])).toEqual([
    ["old", old.kid],
    ["both", young.kid],
  ]);
  expect(unsigned).toBe(1);
});

it("does not touch a pod in a rotation while the key that signed its policy is one it trusts", async () => {
  const first = observe({ pods: [podOf("both", { pinnedKeys: [young.kid, old.kid] })] });
  const done = carryOut(await plan(first), first);
  const keys = { current: young, previous: old, createdMs: nowMs };
  expect(count(await plan({ ...done, keys }))).toEqual([0, 0, 0]);
  const settled = await plan({ ...done, keys, nowMs: nowMs + 60_000 });
  expect(count(settled)).toEqual([1, 0, 0]);
});

it("keeps the last good policy where the new one is too large to carry, and tells which", async () => {
  const deny = Array.from({ length: 250 }, (_, index) => `${"t".repeat(120)}${index}`);
  const long = (path: string) =>
    policyOf(
      JSON.stringify(
        path === ""
          ? { tools: { deny }, prompts: { deny } }
          : { servers: { [path]: { tools: { deny }, prompts: { deny } } } },
      ),
    );
  const first = observe({ pods: [podOf("a")] });
  const done = carryOut(await plan(first), first);
  const forAll = await plan({ ...done, policy: long("") });
  expect([count(forAll), forAll.tooLarge]).toMatchObject([[0, 0, 0], [{ namespace: "tools", server: undefined }]]);
  const forOne = await plan({ ...done, policy: long("tools/search") });
  expect(forOne.patches).toEqual([]);
  expect(forOne.tooLarge).toMatchObject([{ server: "search" }]);
});

it("comes to rest after one round, whatever was there before", async () => {
  const found = fc.record({
    digest: fc.constantFrom("x", "y"),
    version: fc.option(fc.integer({ min: 0, max: nowMs * 2 }), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ server: fc.constantFrom("search", "b"), policy: fc.option(found, { nil: undefined }) }), {
        maxLength: 5,
      }),
      fc.boolean(),
      fc.option(found, { nil: undefined }),
      async (choices, isNarrowed, bundle) => {
        const name = nameBundle(options.prefix, "tools");
        const pods = choices.map((choice, index) => podOf(`p${index}`, choice));
        const published = bundle === undefined ? [] : [{ ...bundle, name, uid: name, namespace: "tools", state: "s" }];
        const before = observe({ pods, published, policy: isNarrowed ? narrowed : policy });
        const after = carryOut(await plan(before), before);
        expect(count(await plan(after))).toEqual([0, 0, 0]);
      },
    ),
    { numRuns: 50 },
  );
});
