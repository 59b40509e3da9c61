/** Which namespaces are known where all may be watched, where Roles are all there is, and where that changes. */
import { Readable } from "node:stream";
import type { ClusterAccess } from "@outrigger/kube";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { watchNamespaces, type WatchedNamespaces } from "./namespaces.ts";

const deny = "outrigger.dev/deny-tools";
const all = "/api/v1/namespaces";
const patience = { timeout: 20_000, interval: 10 };

/** What the API server holds, what it lets us do, and what it was asked. */
let world: { values: Record<string, string>; mayList: boolean; may: (name: string) => boolean; seen: string[] };
const open: WatchedNamespaces[] = [];
beforeEach(() => {
  world = { values: {}, mayList: true, may: () => true, seen: [] };
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop();
});

const toObject = (name: string): object => ({
  metadata: { name, uid: name, annotations: { [deny]: world.values[name], "team.example/a": "b" } },
});

function answer(path: string): readonly [status: number, body: object] {
  if (path === all) {
    const items = Object.keys(world.values).map(toObject);
    return world.mayList ? [200, { metadata: { resourceVersion: "1" }, items }] : [403, { reason: "Forbidden" }];
  }
  const name = path.slice(all.length + 1);
  if (!world.may(name)) return [403, { reason: "Forbidden" }];
  return name in world.values ? [200, toObject(name)] : [404, { reason: "NotFound" }];
}

const send: ClusterAccess["send"] = ({ path: asked }) => {
  const url = new URL(asked, "http://kube");
  world.seen.push(url.pathname);
  // A watch without events that the server ends at once: everything new comes by the next list.
  const isWatch = url.searchParams.has("watch");
  const [statusCode, object] = isWatch ? [410, { reason: "Expired" }] : answer(url.pathname);
  const text = JSON.stringify(object);
  const body = Object.assign(Readable.from([Buffer.from(text)]), {
    json: () => Promise.resolve(object),
    text: () => Promise.resolve(text),
  });
  return Promise.resolve({ statusCode, headers: {}, body } as unknown as Awaited<ReturnType<ClusterAccess["send"]>>);
};

function start(): { readonly namespaces: WatchedNamespaces; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const namespaces = watchNamespaces(
    {
      access: { address: "http://kube", send, close: () => Promise.resolve() },
      ownNamespace: "outrigger-system",
      onFailure: (subject, problem) => void problems.push(`${subject}: ${problem}`),
      onRefused: () => undefined,
      onFault: (error) => void problems.push(String(error)),
      backoff: { firstMs: 5, longestMs: 5 },
    },
    20,
  );
  open.push(namespaces);
  return { namespaces, problems };
}

it("knows all of them where it may watch them, whatever it is told", async () => {
  world.values = { tools: "drop_*" };
  const { namespaces, problems } = start();
  namespaces.keep(["elsewhere"]);
  await vi.waitFor(() => expect(namespaces.isSynced()).toBe(true), patience);
  expect(await namespaces.source.find("tools")).toEqual({ labels: {}, annotations: { [deny]: "drop_*" } });
  expect(problems).toEqual([]);
  expect(new Set(world.seen)).toEqual(new Set([all]));
});

it("with Roles alone knows those with a policy, by name, and says once why", async () => {
  world.values = { tools: "drop_*", other: "drop_*" };
  world.mayList = false;
  world.may = (name) => name === "tools";
  const { namespaces, problems } = start();
  namespaces.keep(["tools"]);
  await vi.waitFor(async () => expect(await namespaces.source.find("tools")).toBeDefined(), patience);
  expect(await namespaces.source.find("tools")).toEqual({ labels: {}, annotations: { [deny]: "drop_*" } });
  expect(namespaces.isSynced()).toBe(true);
  expect(await namespaces.source.find("other")).toBeUndefined();
  const lists = (): number => world.seen.filter((path) => path === all).length;
  await vi.waitFor(() => expect(lists()).toBeGreaterThan(3), patience);
  expect(problems).toEqual([expect.stringMatching(/^namespaces: .*403/)]);
});

it("goes over to watching all as soon as it may", async () => {
  world.values = { tools: "drop_*", other: "delete_*" };
  world.mayList = false;
  world.may = (name) => name === "tools";
  const { namespaces } = start();
  namespaces.keep(["tools"]);
  await vi.waitFor(async () => expect(await namespaces.source.find("tools")).toBeDefined(), patience);
  world.mayList = true;
  await vi.waitFor(async () => expect(await namespaces.source.find("other")).toBeDefined(), patience);
  world.values = { ...world.values, tools: "changed" };
  await vi.waitFor(
    async () => expect((await namespaces.source.find("tools"))?.annotations).toEqual({ [deny]: "changed" }),
    patience,
  );
});
