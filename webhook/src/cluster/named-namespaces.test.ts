import type { ApiFailure, RawObject } from "@outrigger/kube";
import { afterEach, expect, it, vi } from "vitest";
import { createNamedNamespaces, type NamedNamespaces } from "./named-namespaces.ts";

type Answer = RawObject | ApiFailure;

const away: ApiFailure = { kind: "unreachable", message: "the API server is away" };
const forbidden: ApiFailure = { kind: "forbidden", message: "the API server answered 403", status: 403 };
const missing: ApiFailure = { kind: "notFound", message: "the API server answered 404", status: 404 };
const made = (word: string): RawObject => ({ metadata: { annotations: { word } } });

const open: NamedNamespaces<unknown>[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop();
});

/** A cluster of namespaces by name, and rounds as often as they can be had. */
function createFixture(world: Record<string, Answer>) {
  const seen: string[] = [];
  let rounds = 0;
  const namespaces = createNamedNamespaces({
    objects: {
      // The fake gives what the world holds, whatever kind is asked for.
      get: (({ name }: { readonly name: string }) => {
        seen.push(name);
        const answer = world[name] ?? missing;
        return Promise.resolve("kind" in answer ? { ok: false, failure: answer } : { ok: true, object: answer });
      }) as Parameters<typeof createNamedNamespaces>[0]["objects"]["get"],
    },
    everyMs: 1,
    read: ({ metadata }) => metadata?.annotations?.["word"],
    onRound: () => {
      rounds++;
    },
  });
  open.push(namespaces);
  /** Two rounds: one of them began after the call. */
  const nextRounds = async (): Promise<void> => {
    const before = rounds;
    await vi.waitFor(() => expect(rounds).toBeGreaterThan(before + 1));
  };
  return { namespaces, seen, nextRounds };
}

it("asks for nothing before it is started, and then for what it keeps alone", async () => {
  const { namespaces, seen, nextRounds } = createFixture({ tools: made("a"), other: made("b") });
  namespaces.keep(["tools"]);
  expect([namespaces.isSynced(), seen]).toEqual([false, []]);
  namespaces.start();
  await nextRounds();
  expect([namespaces.get("tools"), namespaces.get("other"), namespaces.isSynced()]).toEqual(["a", undefined, true]);
  expect(new Set(seen)).toEqual(new Set(["tools"]));
});

it("knows a change, what came later, and no longer what is kept no more", async () => {
  const world: Record<string, Answer> = { tools: made("a"), search: made("b") };
  const { namespaces, nextRounds } = createFixture(world);
  namespaces.keep(["tools"]);
  namespaces.start();
  await nextRounds();
  world["tools"] = made("changed");
  namespaces.keep(["tools", "search"]);
  await nextRounds();
  expect([namespaces.get("tools"), namespaces.get("search")]).toEqual(["changed", "b"]);
  namespaces.keep(["search"]);
  expect(namespaces.get("tools")).toBeUndefined();
});

it("keeps what it knows while nobody answers, and is not synced before somebody did", async () => {
  const world: Record<string, Answer> = { tools: away };
  const { namespaces, nextRounds } = createFixture(world);
  namespaces.keep(["tools"]);
  namespaces.start();
  await nextRounds();
  expect(namespaces.isSynced()).toBe(false);
  world["tools"] = made("a");
  await nextRounds();
  world["tools"] = away;
  await nextRounds();
  expect([namespaces.get("tools"), namespaces.isSynced()]).toEqual(["a", true]);
});

it.each([forbidden, missing])("does not let one that is $kind stand in the way of the others", async (failure) => {
  const world: Record<string, Answer> = { tools: made("a"), gone: made("b") };
  const { namespaces, nextRounds } = createFixture(world);
  namespaces.keep(["tools", "gone"]);
  namespaces.start();
  await nextRounds();
  world["gone"] = failure;
  await nextRounds();
  expect([namespaces.get("tools"), namespaces.get("gone"), namespaces.isSynced()]).toEqual(["a", undefined, true]);
});
