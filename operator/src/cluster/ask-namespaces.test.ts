import type { ApiFailure, ObjectWatch, RawObject } from "@outrigger/kube";
import { afterEach, expect, it, vi } from "vitest";
import { askNamespaces } from "./ask-namespaces.ts";

type Answer = RawObject | ApiFailure;

const forbidden: ApiFailure = { kind: "forbidden", message: "the API server answered 403", status: 403 };
const missing: ApiFailure = { kind: "notFound", message: "the API server answered 404", status: 404 };
const made = (name: string, resourceVersion: string): RawObject => ({ metadata: { name, resourceVersion } });

const open: ObjectWatch<unknown>[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop();
});

/** Asks for `tools` and `search`, as often as it can be had. */
function createFixture(world: Record<string, Answer>) {
  const heard = { asked: 0, changes: 0, failures: [] as string[] };
  const namespaces = askNamespaces({
    objects: {
      // The fake gives what the world holds, whatever kind is asked for.
      get: (({ name }: { readonly name: string }) => {
        heard.asked++;
        const answer = world[name] ?? missing;
        return Promise.resolve("kind" in answer ? { ok: false, failure: answer } : { ok: true, object: answer });
      }) as Parameters<typeof askNamespaces>[0]["objects"]["get"],
    },
    names: ["tools", "search"],
    everyMs: 1,
    read: ({ metadata }) => `${metadata?.name ?? ""} ${metadata?.resourceVersion ?? ""}`,
    onChange: () => {
      heard.changes++;
    },
    onFailure: ({ kind }) => void heard.failures.push(kind),
  });
  open.push(namespaces);
  /** Two rounds of two questions: one of them began after the call. */
  const nextRounds = async (): Promise<void> => {
    const before = heard.asked;
    await vi.waitFor(() => expect(heard.asked).toBeGreaterThan(before + 4));
  };
  return { namespaces, heard, nextRounds };
}

it("lists what is there in the order of the names, and tells of changes alone", async () => {
  const world: Record<string, Answer> = { search: made("search", "1"), tools: made("tools", "1") };
  const { namespaces, heard, nextRounds } = createFixture(world);
  await nextRounds();
  expect([namespaces.list(), namespaces.isSynced(), heard.changes]).toEqual([["tools 1", "search 1"], true, 1]);
  world["tools"] = made("tools", "2");
  delete world["search"];
  await nextRounds();
  expect([namespaces.list(), heard.changes, heard.failures]).toEqual([["tools 2"], 2, []]);
});

it("is not synced while one was never answered for, and keeps what can't be asked for any more", async () => {
  const world: Record<string, Answer> = { tools: made("tools", "1"), search: forbidden };
  const { namespaces, heard, nextRounds } = createFixture(world);
  await nextRounds();
  expect([namespaces.list(), namespaces.isSynced()]).toEqual([["tools 1"], false]);
  expect(heard.failures).toContain("forbidden");
  world["search"] = made("search", "1");
  world["tools"] = forbidden;
  await nextRounds();
  expect([namespaces.list(), namespaces.isSynced()]).toEqual([["tools 1", "search 1"], true]);
});
