import { afterEach, expect, it, vi } from "vitest";
import type { ApiFailure } from "./failure.ts";
import { createNamedNamespaces, type NamedNamespaces, type NamedNamespacesOptions } from "./named-namespaces.ts";
import type { RawObject } from "./object.ts";

type Answer = RawObject | ApiFailure;

const away: ApiFailure = { kind: "unreachable", message: "the API server is away" };
const forbidden: ApiFailure = { kind: "forbidden", message: "the API server answered 403", status: 403 };
const missing: ApiFailure = { kind: "notFound", message: "the API server answered 404", status: 404 };
const made = (resourceVersion: string): RawObject => ({ metadata: { resourceVersion } });

const open: NamedNamespaces<unknown>[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop();
});

/** A cluster of namespaces by name, and rounds as often as they can be had. */
function createFixture(
  world: Record<string, Answer>,
  { forbidden: meaning = "absent" }: Partial<Pick<NamedNamespacesOptions<string>, "forbidden">> = {},
) {
  const heard = { asked: [] as string[], changes: 0, failures: [] as string[] };
  const namespaces = createNamedNamespaces({
    objects: {
      // The fake gives what the world holds, whatever kind is asked for.
      get: (({ name }: { readonly name: string }) => {
        heard.asked.push(name);
        const answer = world[name] ?? missing;
        return Promise.resolve("kind" in answer ? { ok: false, failure: answer } : { ok: true, object: answer });
      }) as NamedNamespacesOptions<string>["objects"]["get"],
    },
    everyMs: 1,
    read: ({ metadata }) => metadata?.resourceVersion ?? "",
    forbidden: meaning,
    onChange: () => {
      heard.changes++;
    },
    onFailure: ({ kind }) => void heard.failures.push(kind),
  });
  open.push(namespaces);
  /** Two rounds, told by the first name: one of them began after the call, and has ended. */
  const nextRounds = async (): Promise<void> => {
    const [first = ""] = kept;
    const count = (): number => heard.asked.filter((name) => name === first).length;
    const before = count();
    await vi.waitFor(() => expect(count()).toBeGreaterThan(before + 2));
  };
  let kept: readonly string[] = [];
  const keep = (...names: readonly string[]): void => {
    kept = names;
    namespaces.keep(names);
  };
  return { namespaces, heard, keep, nextRounds };
}

it("asks for nothing before it is started, and then for what it keeps alone", async () => {
  const { namespaces, heard, keep, nextRounds } = createFixture({ tools: made("a"), other: made("b") });
  keep("tools");
  expect([namespaces.isSynced(), heard.asked]).toEqual([false, []]);
  namespaces.start();
  await nextRounds();
  expect([namespaces.get("tools"), namespaces.get("other"), namespaces.isSynced()]).toEqual(["a", undefined, true]);
  expect(new Set(heard.asked)).toEqual(new Set(["tools"]));
});

it("lists what is there in the order of the names, and tells of changes alone", async () => {
  const world: Record<string, Answer> = { search: made("1"), tools: made("2") };
  const { namespaces, heard, keep, nextRounds } = createFixture(world);
  keep("tools", "search");
  namespaces.start();
  await nextRounds();
  expect([namespaces.list(), namespaces.isSynced(), heard.changes]).toEqual([["2", "1"], true, 1]);
  world["tools"] = made("3");
  delete world["search"];
  await nextRounds();
  expect([namespaces.list(), heard.failures]).toEqual([["3"], []]);
  expect([2, 3]).toContain(heard.changes);
});

it("tells that all were answered for, where there is nothing to know of any", async () => {
  const { namespaces, heard, keep, nextRounds } = createFixture({});
  keep("tools");
  namespaces.start();
  await nextRounds();
  expect([namespaces.list(), namespaces.isSynced(), heard.changes]).toEqual([[], true, 1]);
});

it("knows a change, what came later, and no longer what is kept no more", async () => {
  const world: Record<string, Answer> = { tools: made("a"), search: made("b") };
  const { namespaces, keep, nextRounds } = createFixture(world);
  keep("tools");
  namespaces.start();
  await nextRounds();
  world["tools"] = made("changed");
  keep("tools", "search");
  await nextRounds();
  expect([namespaces.get("tools"), namespaces.get("search")]).toEqual(["changed", "b"]);
  keep("search");
  expect(namespaces.get("tools")).toBeUndefined();
});

it("keeps what it knows while nobody answers, and is not synced before somebody did", async () => {
  const world: Record<string, Answer> = { tools: away };
  const { namespaces, heard, keep, nextRounds } = createFixture(world);
  keep("tools");
  namespaces.start();
  await nextRounds();
  expect([namespaces.isSynced(), new Set(heard.failures)]).toEqual([false, new Set(["unreachable"])]);
  world["tools"] = made("a");
  await nextRounds();
  world["tools"] = away;
  await nextRounds();
  expect([namespaces.get("tools"), namespaces.isSynced()]).toEqual(["a", true]);
});

it.each([forbidden, missing])("does not let one that is $kind stand in the way of the others", async (failure) => {
  const world: Record<string, Answer> = { tools: made("a"), gone: made("b") };
  const { namespaces, keep, nextRounds } = createFixture(world);
  keep("tools", "gone");
  namespaces.start();
  await nextRounds();
  world["gone"] = failure;
  await nextRounds();
  expect([namespaces.get("tools"), namespaces.get("gone"), namespaces.isSynced()]).toEqual(["a", undefined, true]);
});

it("takes one that is forbidden for unanswered where that is wished: not synced, and what is known stays", async () => {
  const world: Record<string, Answer> = { tools: made("1"), search: forbidden };
  const { namespaces, heard, keep, nextRounds } = createFixture(world, { forbidden: "unanswered" });
  keep("tools", "search");
  namespaces.start();
  await nextRounds();
  expect([namespaces.list(), namespaces.isSynced()]).toEqual([["1"], false]);
  expect(heard.failures).toContain("forbidden");
  world["search"] = made("2");
  world["tools"] = forbidden;
  await nextRounds();
  expect([namespaces.list(), namespaces.isSynced()]).toEqual([["1", "2"], true]);
});
