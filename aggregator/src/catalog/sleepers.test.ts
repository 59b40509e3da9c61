import type { AsleepServer } from "@outrigger/api/asleep";
import type { Catalogue, FeedState } from "@outrigger/api/feed";
import fc from "fast-check";
import { expect, it } from "vitest";
import { listed, mergeAll } from "./example-servers.ts";
import { emptyCatalogue, mergeCatalogue, type CatalogueChange, type CatalogueSnapshot } from "./merge.ts";
import { guardKeyOf } from "../visibility/wanted.ts";
import { listReplicasWith } from "./replica.ts";
import { keySleepers, listSleepChanges } from "./sleepers.ts";

/** A server in namespace `tools` that was put to sleep with these tools; its digest is that of the example that lists them. */
function asleep(server: string, tools: readonly string[], limited = false): AsleepServer {
  const digest = tools.join("+");
  const definitions = tools.map((name) => ({ name }));
  const catalogue: Catalogue = {
    ...{ digest, tools: definitions, prompts: [], resources: [], resourceTemplates: [], limited },
  };
  const state: FeedState = {
    format: 1,
    server,
    health: { state: "Ready", reason: "Serving", message: "", sinceMs: 0 },
    identity: { instructions: "Reads files.\n\nAnd more." },
    digest,
    catalogue: { reason: "CatalogueListed", message: "", atMs: 0 },
    policy: {
      ...{ hash: "", reason: "PolicyApplied", message: "" },
      enforces: { limits: [], maxRequestBytes: 1, maxResponseBytes: 1 },
    },
  };
  return {
    ...{ format: 1, namespace: "tools", server, group: "default", replicas: 1, labels: {} },
    ...{ since: "2026-11-01T10:00:00Z", createdAt: "2026-10-01T10:00:00Z" },
    workload: { kind: "Deployment", name: server, uid: "u" },
    state,
    catalogue,
  };
}

const none = keySleepers([]);
const fallAsleep = (...servers: readonly AsleepServer[]): readonly CatalogueChange[] =>
  listSleepChanges(none, keySleepers(servers));
const awake = (server: string): CatalogueChange => ({ kind: "awake", namespace: "tools", server });
const removed = (server: string): CatalogueChange => ({
  kind: "removed",
  replica: { id: "pod-0" },
  namespace: "tools",
  server,
});
const filesOf = (catalogue: CatalogueSnapshot) => catalogue.servers.get("tools/files");

it("F-162 goes on with the list of all callers and who sees what of it, where that was known before the server slept", () => {
  const key = guardKeyOf({ digest: "wide", policy: "p" });
  const guard = { key, allows: () => false };
  const wide = (server: string): AsleepServer => {
    const kept = asleep(server, ["read"]);
    return { ...kept, state: { ...kept.state, callers: { digest: "wide", policy: "p" } } };
  };
  const before = mergeAll([listed("files", ["read", "unseal"], { digest: "wide", guard })]);
  const asIs = mergeAll([...fallAsleep(wide("files")), removed("files")], before);
  expect(filesOf(asIs)).toMatchObject({ state: "Cold", served: { guard: { key } } });
  expect(filesOf(asIs)?.tools.map(({ name }) => name)).toEqual(["read", "unseal"]);

  // Of another list than the one that is known, and of one that never was, there is what nobody in particular sees.
  const other: AsleepServer = {
    ...wide("files"),
    state: { ...wide("files").state, callers: { digest: "new", policy: "p" } },
  };
  for (const narrow of [
    mergeAll([...fallAsleep(other), removed("files")], before),
    mergeAll(fallAsleep(wide("files"))),
  ]) {
    expect(filesOf(narrow)?.tools.map(({ name }) => name)).toEqual(["read"]);
    expect(filesOf(narrow)?.served?.guard).toBeUndefined();
  }
});

it("tells who fell asleep, who was kept anew and who is not asleep any more, and nothing of the others", () => {
  const [a, b, c] = [asleep("a", ["x"]), asleep("b", ["x"]), asleep("c", ["x"])];
  const changes = listSleepChanges(keySleepers([a, b, c]), keySleepers([a, asleep("b", ["y"]), asleep("d", [])]));
  const told = changes.map((change) => [change.kind, "catalogue" in change ? change.catalogue.server : change.server]);
  expect(told).toEqual([
    ["awake", "c"],
    ["asleep", "b"],
    ["asleep", "d"],
  ]);
});

it("lists a server without a replica as Cold, with its tools, texts and the word that it lists more", () => {
  const server = filesOf(mergeAll(fallAsleep(asleep("files", ["read", "write"], true))));
  expect(server).toMatchObject({ state: "Cold", description: "Reads files." });
  expect(server?.tools.map(({ publicName }) => publicName)).toEqual(["tools__files__read", "tools__files__write"]);
  expect(server?.findings.map(({ reason }) => reason)).toEqual(["CatalogLimited"]);
});

it("keeps the tools' identity while a server falls asleep and wakes with the same list, so nothing is indexed again", () => {
  const live = mergeAll([listed("files", ["read"])]);
  const both = mergeAll(fallAsleep(asleep("files", ["read"])), live);
  const cold = mergeAll([removed("files")], both);
  const waking = mergeAll([listed("files", ["read"])], cold);
  const back = mergeAll([awake("files")], waking);
  const states = [live, both, cold, waking, back].map((each) => filesOf(each)?.state);
  expect(states).toEqual(["Ready", "Ready", "Cold", "Ready", "Ready"]);
  for (const each of [both, cold, waking, back]) expect(filesOf(each)?.tools).toBe(filesOf(live)?.tools);
});

it("serves what was kept while a replica that has not listed yet starts, and sends no call to anybody but that", () => {
  const starting: CatalogueChange = {
    ...{ kind: "failed", replica: { id: "pod-1", createdAtMs: 2 }, namespace: "tools", server: "files" },
    ...{ group: "default", state: "Initializing" },
  };
  const waking = filesOf(mergeAll([...fallAsleep(asleep("files", ["read"])), starting]));
  expect([waking?.state, waking?.tools.length]).toEqual(["Initializing", 1]);
  expect(waking && listReplicasWith(waking, "read")).toEqual([]);
});

it("believes a replica over what was kept, also where it lists nothing", () => {
  const changes = [...fallAsleep(asleep("files", ["read"])), listed("files", [])];
  expect(filesOf(mergeAll(changes))).toMatchObject({ state: "Ready", tools: [] });
});

it("forgets a server that has neither replica nor what was kept, and no other", () => {
  const catalogue = mergeAll(fallAsleep(asleep("files", ["read"]), asleep("other", ["read"])));
  expect([...mergeAll([awake("files")], catalogue).servers.keys()]).toEqual(["tools/other"]);
  expect(mergeCatalogue(catalogue, awake("unknown"))).toBe(catalogue);
  const elsewhere = emptyCatalogue({ qualify: "server", namespace: "prod" });
  expect(mergeAll(fallAsleep(asleep("files", ["read"])), elsewhere)).toBe(elsewhere);
});

it("shows a server exactly while it has a replica or is asleep, and as Cold exactly where it has none", () => {
  const step = fc.constantFrom("start", "end", "sleep", "wake");
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      let catalogue = emptyCatalogue({ qualify: "namespace" });
      let [isLive, isAsleep] = [false, false];
      const changes: Record<string, () => readonly CatalogueChange[]> = {
        start: () => ((isLive = true), [listed("files", ["read"])]),
        end: () => ((isLive = false), [removed("files")]),
        sleep: () => ((isAsleep = true), fallAsleep(asleep("files", ["read"]))),
        wake: () => ((isAsleep = false), [awake("files")]),
      };
      for (const each of steps) {
        catalogue = mergeAll(changes[each]?.() ?? [], catalogue);
        const cold = isAsleep ? "Cold" : undefined;
        expect(filesOf(catalogue)?.state).toBe(isLive ? "Ready" : cold);
        expect(catalogue.tools.length).toBe(isLive || isAsleep ? 1 : 0);
      }
    }),
  );
});
