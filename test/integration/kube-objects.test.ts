import { createObjects, openClusterAccess, resources, type Objects, type ObjectsOptions } from "@outrigger/kube";
import { afterEach, expect, it } from "vitest";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(options: ObjectsOptions = {}): Promise<{ kube: FakeKube; objects: Objects }> {
  const kube = await startFakeKube();
  ends.push(() => kube.close());
  const access = await openClusterAccess({ mode: "url", baseUrl: kube.url });
  ends.push(() => access.close());
  const backoff = { firstMs: 5, longestMs: 20 };
  return { kube, objects: createObjects(access, { backoff, random: () => 0, ...options }) };
}

const place = { resource: resources.configMaps, namespace: "tools", name: "settings" };
const settings = { metadata: { name: "settings", namespace: "tools" }, data: { a: "1" } };

it("creates, reads, patches and removes, each with its own content type", async () => {
  const { kube, objects } = await start();
  const created = await objects.create(place, { metadata: { name: "settings" }, data: { a: "1" } });
  expect(created).toMatchObject({ ok: true, object: { kind: "ConfigMap", apiVersion: "v1", data: { a: "1" } } });
  expect(await objects.get(place)).toEqual(created);
  const merged = await objects.mergePatch(place, { data: { b: "2" } }, { fieldManager: "us" });
  expect(merged).toMatchObject({ ok: true, object: { data: { a: "1", b: "2" } } });
  const patched = await objects.jsonPatch(place, [{ op: "remove", path: "/data/a" }]);
  expect(patched).toMatchObject({ ok: true, object: { data: { b: "2" } } });
  expect(await objects.remove(place)).toMatchObject({ ok: true });
  expect(await objects.get(place)).toMatchObject({ ok: false, failure: { kind: "notFound", status: 404 } });
  expect(kube.seen.map(({ kind, contentType }) => [kind, contentType])).toEqual([
    ["create", "application/json"],
    ["get", undefined],
    ["patch", "application/merge-patch+json"],
    ["patch", "application/json-patch+json"],
    ["delete", "application/json"],
    ["get", undefined],
  ]);
  expect(kube.seen[2]?.query.get("fieldManager")).toBe("us");
});

it("applies what is ours and leaves alone what others wrote", async () => {
  const { kube, objects } = await start();
  kube.store.of(place.resource).set(settings);
  const ours = { data: { mine: "x" } };
  await objects.apply(place, ours, { fieldManager: "us", ownership: "respect" });
  expect(await objects.get(place)).toMatchObject({ ok: true, object: { data: { a: "1", mine: "x" } } });
  const theirs = await objects.apply(place, { data: { mine: "y" } }, { fieldManager: "they", ownership: "respect" });
  expect(theirs).toMatchObject({ ok: false, failure: { kind: "conflict" } });
  await objects.apply(place, { data: { mine: "y" } }, { fieldManager: "they", ownership: "take" });
  const { query } = kube.seen.at(-1)!;
  expect([query.get("fieldManager"), query.get("force")]).toEqual(["they", "true"]);
});

it("names what stands in the way", async () => {
  const { kube, objects } = await start();
  kube.store.of(place.resource).set(settings);
  expect(await objects.create(place, { metadata: { name: "settings" } })).toMatchObject({
    failure: { kind: "alreadyExists" },
  });
  const stale = await objects.mergePatch(place, { metadata: { resourceVersion: "0" }, data: {} });
  expect(stale).toMatchObject({ failure: { kind: "conflict" } });
  const test = { op: "test", path: "/data/a", value: "9" } as const;
  expect(await objects.jsonPatch(place, [test])).toMatchObject({ failure: { kind: "invalid" } });
  expect(await objects.remove(place, { uid: "another" })).toMatchObject({ failure: { kind: "conflict" } });
  kube.fail({ on: "get", status: 403, body: '{"message":"no"}' });
  expect(await objects.get(place)).toMatchObject({
    failure: { kind: "forbidden", message: "the API server answered 403: no" },
  });
});

it("asks again where that does no harm: after 5xx, a cut socket, and 429 as late as Retry-After says", async () => {
  const { kube, objects } = await start();
  kube.store.of(place.resource).set(settings);
  kube.fail({ on: "get", status: 500 });
  kube.fail({ on: "get", status: "reset" });
  kube.fail({ on: "get", status: 429, headers: { "retry-after": "1" } });
  expect(await objects.get(place)).toMatchObject({ ok: true });
  expect(kube.seen).toHaveLength(4);
  expect(kube.seen[3]!.atMs - kube.seen[2]!.atMs).toBeGreaterThanOrEqual(990);
});

it("gives up after the last attempt and tells the last failure", async () => {
  const { kube, objects } = await start({ attempts: 3 });
  kube.failWhile(() => ({ status: 503, body: '{"message":"away"}' }));
  expect(await objects.mergePatch(place, {})).toMatchObject({ failure: { kind: "refused", status: 503 } });
  expect(kube.seen).toHaveLength(3);
});

it("does not create or patch by position twice after no answer, but does after 429", async () => {
  const { kube, objects } = await start();
  kube.fail({ on: "create", status: "reset" });
  expect(await objects.create(place, settings)).toMatchObject({ failure: { kind: "unreachable" } });
  kube.fail({ on: "patch", status: 500 });
  expect(await objects.jsonPatch(place, [])).toMatchObject({ failure: { kind: "refused" } });
  expect(kube.seen).toHaveLength(2);
  kube.fail({ on: "create", status: 429 });
  expect(await objects.create(place, settings)).toMatchObject({ ok: true });
});

it("ends a request that hangs, by its time limit and by the signal", async () => {
  const ending = new AbortController();
  const { kube, objects } = await start({ attempts: 2, attemptMs: 500, signal: ending.signal });
  kube.failWhile(() => ({ status: "hang" }));
  expect(await objects.get(place)).toMatchObject({ failure: { kind: "unreachable" } });
  expect(kube.seen).toHaveLength(2);
  ending.abort();
  expect(await objects.get(place)).toMatchObject({ failure: { kind: "unreachable" } });
  expect(kube.seen).toHaveLength(2);
});

it("takes an answer that is no object for a failure", async () => {
  const { kube, objects } = await start({ attempts: 1 });
  kube.fail({ on: "get", status: 200, body: "<html>" });
  expect(await objects.get(place)).toMatchObject({ ok: false, failure: { kind: "unreachable" } });
  kube.fail({ on: "get", status: 200, body: "7" });
  expect(await objects.get(place)).toMatchObject({ ok: false, failure: { kind: "unreachable" } });
});
