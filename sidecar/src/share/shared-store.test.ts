import { describe, expect, it } from "vitest";
import { createSharedStore } from "./shared-store.ts";

const rate = { count: 1, periodMs: 1_000, burst: 1 };

/** A store behind which the test decides what each call gets; `answer` throws where it can't answer. */
function openStore(answer: () => number) {
  let nowMs = 0;
  let asked = 0;
  const changes: string[] = [];
  const client = {
    consume: async () => {
      asked++;
      return Promise.resolve().then(answer);
    },
    close: () => Promise.resolve(),
  };
  const store = createSharedStore(
    client,
    () => nowMs,
    (state) => void changes.push(state),
  );
  return { store, changes, asked: () => asked, pass: (ms: number) => void (nowMs += ms) };
}

describe("a store that counts for all replicas", () => {
  it("tells how long a call that is one too many has to wait", async () => {
    const { store } = openStore(() => 250);
    expect(await store.take("k", rate)).toEqual({ waitMs: 250 });
  });

  it("is left alone for a second after a failure, and asked again then", async () => {
    let isDown = true;
    const { store, asked, pass, changes } = openStore(() => {
      if (isDown) throw new Error("gone");
      return 0;
    });
    expect(await store.take("k", rate)).toBe("away");
    for (let at = 0; at < 100; at++) expect(await store.take("k", rate)).toBe("away");
    expect([asked(), store.isAway(), store.failures()]).toEqual([1, true, 1]);
    pass(1_000);
    expect(await store.take("k", rate)).toBe("away");
    isDown = false;
    pass(1_000);
    expect(await store.take("k", rate)).toEqual({ waitMs: 0 });
    expect([asked(), store.isAway(), changes]).toEqual([3, false, ["away", "back"]]);
  });
});
