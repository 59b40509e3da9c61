import { assertionObject, trustObject } from "@outrigger/api/cluster-objects";
import type { BundlePayload } from "@outrigger/api/bundle";
import type { Objects, RawSecret } from "@outrigger/kube";
import { readPrivateJwks } from "@outrigger/runtime/sign";
import { generateKeyPair, type PublicJwk } from "@outrigger/runtime/jws";
import { createLogger } from "@outrigger/runtime/logger";
import { expect, it } from "vitest";
import { reconcileBundles } from "../bundles/reconcile.ts";
import { createSigner } from "../bundles/sign.ts";
import { readPolicy } from "../policy/read-policy.ts";
import { createAssertionRun } from "./assertions.ts";

const hourMs = 3_600_000;
const times = { lifetimeMs: 24 * hourMs, overlapMs: hourMs };

/** One Secret, kept in memory: what the API server does with it is shown on a real one. */
function createSecrets() {
  let secret: RawSecret | undefined;
  const take = (data: Record<string, string | null>): void => {
    const kept = Object.entries({ ...secret?.data, ...data }).filter(([, value]) => value !== null);
    secret = {
      metadata: { name: "keys", resourceVersion: "1" },
      data: Object.fromEntries(kept) as Record<string, string>,
    };
  };
  const missing = { ok: false, failure: { kind: "notFound", message: "not found" } };
  const objects = {
    get: () => Promise.resolve(secret === undefined ? missing : { ok: true, object: secret }),
    create: (_at: unknown, made: RawSecret) => {
      take(made.data ?? {});
      return Promise.resolve({ ok: true, object: secret });
    },
    mergePatch: (_at: unknown, patch: { data: Record<string, string | null> }) => {
      take(patch.data);
      return Promise.resolve({ ok: true, object: secret });
    },
  } as unknown as Objects;
  const member = (name: string): string => Buffer.from(secret?.data?.[name] ?? "", "base64").toString();
  return { objects, member };
}

it("makes a key, puts the next one in front of it, and takes the old one away when its time is over", async () => {
  const { objects, member } = createSecrets();
  let nowMs = 0;
  const told: (readonly string[])[] = [];
  const run = createAssertionRun({
    ...{ objects, namespace: "outrigger", name: "keys", times, nowMs: () => nowMs },
    logger: createLogger({ component: "test", version: "0", level: "error" }),
    onKeys: (keys) => told.push(keys.map(({ kid }) => kid)),
  });
  const mounted = (): readonly string[] =>
    (readPrivateJwks(member(assertionObject.keysMember)) ?? []).map(({ kid }) => kid);
  await run();
  const [first = ""] = mounted();
  expect(told).toEqual([[first]]);
  await run();
  expect(told).toHaveLength(1);
  nowMs = times.lifetimeMs;
  await run();
  const [second = ""] = mounted();
  expect(mounted()).toEqual([second, first]);
  expect(member(trustObject.idMember)).toBe(second);
  nowMs += times.overlapMs;
  await run();
  expect(mounted()).toEqual([second]);
  expect(told).toEqual([[first], [second, first], [second]]);
});

it("every signed policy names the keys, another set of them is another version, and without any the text is as it was", async () => {
  const { privateJwk, publicJwk } = await generateKeyPair();
  const read = readPolicy("defaultAction: Allow\n");
  if (!read.ok) throw new Error("a policy that can be read");
  const plan = (assertionKeys: readonly PublicJwk[] | undefined) =>
    reconcileBundles(
      {
        ...{ policy: read.policy, guarded: ["tools"], published: [], pods: [], nowMs: 1_000 },
        keys: { current: privateJwk, previous: undefined, createdMs: 0 },
        assertionKeys,
      },
      createSigner(),
      { prefix: "bundle", settleMs: 0 },
    );
  const payloadOf = (text = ""): BundlePayload =>
    JSON.parse(Buffer.from(text.split(".")[1] ?? "", "base64url").toString()) as BundlePayload;
  const [vouched] = (await plan([publicJwk])).writes;
  const [plain] = (await plan(undefined)).writes;
  expect(payloadOf(vouched?.text).assertionKeys).toEqual([publicJwk]);
  expect(payloadOf(plain?.text)).not.toHaveProperty("assertionKeys");
  expect(vouched?.state).not.toBe(plain?.state);
});
