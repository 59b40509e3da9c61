import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createReplay, estimateBytes } from "./replay.ts";

const note = (n: number, text = "") => ({
  jsonrpc: "2.0" as const,
  method: "notifications/message",
  params: { n, text },
});
const news = "_GET_stream";

async function readAfter(events: ReturnType<ReturnType<typeof createReplay>["of"]>, id: string): Promise<unknown[]> {
  const sent: unknown[] = [];
  await events.store.replayEventsAfter(id, { send: (_id, message) => Promise.resolve(void sent.push(message)) });
  return sent;
}

describe("what was sent on a session's streams", () => {
  it("is sent again from where a client was, of that stream alone", async () => {
    const events = createReplay().of("a");
    const [call, other] = [randomUUID(), randomUUID()];
    const first = await events.store.storeEvent(call, note(1));
    await events.store.storeEvent(other, note(2));
    const last = await events.store.storeEvent(call, note(3));
    expect(events.judge(first)).toBe("replay");
    expect(await readAfter(events, first)).toEqual([note(3)]);
    expect(await readAfter(events, last)).toEqual([]);
    expect(await events.store.getStreamIdForEventId?.(first)).toBe(call);
  });

  it("is of one session: no other reads it, and it goes with it", async () => {
    const replay = createReplay();
    const [a, b] = [replay.of("a"), replay.of("b")];
    const id = await a.store.storeEvent(randomUUID(), note(1));
    expect(b.judge(id)).toBe("lost");
    a.clear();
    expect(a.judge(id)).toBe("lost");
  });

  it("is bounded over all sessions, the oldest go first; what is gone is said, and news begin anew", async () => {
    const replay = createReplay({ maxBytes: 2_000, maxMessageBytes: 1_000 });
    const [a, b] = [replay.of("a"), replay.of("b")];
    const call = await a.store.storeEvent(randomUUID(), note(1));
    const told = await a.store.storeEvent(news, note(2));
    for (let n = 0; n < 10; n++) await b.store.storeEvent(news, note(n, "x".repeat(300)));
    expect([a.judge(call), a.judge(told)]).toEqual(["lost", "fresh"]);
    expect(a.judge("made up")).toBe("lost");
  });

  it("is never replayed over a message that was too large to be kept", async () => {
    const events = createReplay({ maxBytes: 10_000, maxMessageBytes: 500 }).of("a");
    const call = randomUUID();
    const first = await events.store.storeEvent(call, note(1));
    const large = await events.store.storeEvent(call, note(2, "x".repeat(1_000)));
    const after = await events.store.storeEvent(call, note(3));
    expect([first, large, after].map(events.judge)).toEqual(["lost", "lost", "replay"]);
  });

  it("is estimated by its texts, and no further than the limit", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const strings = JSON.stringify(value).length / 8;
        expect(estimateBytes(value, Number.POSITIVE_INFINITY)).toBeGreaterThanOrEqual(strings);
      }),
    );
    expect(
      estimateBytes(
        Array.from({ length: 1_000_000 }, () => 1),
        100,
      ),
    ).toBeGreaterThan(100);
  });
});
