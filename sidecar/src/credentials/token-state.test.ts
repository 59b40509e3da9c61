import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unavailable } from "./token-answer.ts";
import { createTokenSource } from "./token-source.ts";
import { accept, judgeToken, miss, noToken, receive, refuse } from "./token-state.ts";

const why = unavailable("away");
const hour = { value: "t", lifeMs: 3_600_000 };

describe("a token that is kept", () => {
  const kept = receive(noToken, hour, 0);
  it.each([
    ["is used", 0, "Use"],
    ["is used until a minute before its end", 3_539_999, "Use"],
    ["is renewed beside its use from then on", 3_540_000, "Renew"],
    ["is no more used just before its end", 3_595_000, "Fetch"],
  ])("%s", (_what, nowMs, expected) => {
    expect(judgeToken(kept, nowMs).do).toBe(expected);
  });

  it("of a short life is renewed in its last fifth", () => {
    const brief = receive(noToken, { value: "t", lifeMs: 10_000 }, 0);
    expect([7_999, 8_000, 9_000].map((nowMs) => judgeToken(brief, nowMs).do)).toEqual(["Use", "Renew", "Fetch"]);
  });

  it("goes on being used when the next one can't be had, without being asked for at each call", () => {
    const missed = miss(kept, why, 3_540_000);
    expect([3_540_500, 3_541_000].map((nowMs) => judgeToken(missed, nowMs).do)).toEqual(["Use", "Renew"]);
  });
});

it("pauses after failures double up to half a minute, and last as long as the issuer says", () => {
  let state = noToken;
  const waits = Array.from({ length: 8 }, (_, at) => {
    state = miss(state, why, at * 100_000);
    return (state.failure?.untilMs ?? 0) - at * 100_000;
  });
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  expect(miss(noToken, { ...why, retryAfterMs: 90_000 }, 0).failure?.untilMs).toBe(90_000);
});

describe("a token that the server refuses", () => {
  const kept = receive(noToken, hour, 0);
  it("is replaced, unless it is young; and with each one in a row that holds for twice as long", () => {
    expect(refuse(kept, "t", 999).isWorthAnother).toBe(false);
    const first = refuse(kept, "t", 1_000);
    expect([first.isWorthAnother, judgeToken(first.state, 1_000).do]).toEqual([true, "Fetch"]);
    const second = receive(first.state, { value: "u", lifeMs: 3_600_000 }, 1_000);
    expect([2_999, 3_000].map((nowMs) => refuse(second, "u", nowMs).isWorthAnother)).toEqual([false, true]);
    expect(refuse(accept(second), "u", 2_000).isWorthAnother).toBe(true);
  });

  it("and was replaced meanwhile takes nothing from the next one", () => {
    expect(refuse(kept, "older", 50)).toEqual({ state: kept, isWorthAnother: true });
  });
});

it("whatever happens, a token is used within its life alone, and no issuer is asked within its pause", () => {
  const event = fc.record({
    afterMs: fc.nat(100_000),
    lifeMs: fc.option(fc.integer({ min: 1, max: 200_000 }), { nil: undefined }),
    fails: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 50 }), (events) => {
      let [state, nowMs] = [noToken, 0];
      for (const { afterMs, lifeMs, fails } of events) {
        nowMs += afterMs;
        const step = judgeToken(state, nowMs);
        if (step.do === "Use" || step.do === "Renew") expect(nowMs).toBeLessThan(step.token.untilMs);
        if (step.do === "Fetch" || step.do === "Renew") {
          expect(nowMs).toBeGreaterThanOrEqual(state.failure?.untilMs ?? 0);
          state = fails ? miss(state, why, nowMs) : receive(state, { value: "t", lifeMs }, nowMs);
        }
      }
    }),
  );
});

describe("the source of a token", () => {
  it("asks once for all who wait, and again for nobody while the token is good", async () => {
    let asked = 0;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const source = createTokenSource({
      now: () => 0,
      fetch: async () => {
        asked++;
        await promise;
        return { ok: true, ...hour };
      },
    });
    const waiting = Array.from({ length: 100 }, async () => source.get());
    resolve(undefined);
    expect(new Set((await Promise.all(waiting)).map((had) => had.ok && had.value))).toEqual(new Set(["t"]));
    expect([source.get(), asked]).toEqual([{ ok: true, value: "t" }, 1]);
  });

  it("replaces a refused one once for all whose calls were refused", async () => {
    let [asked, nowMs] = [0, 0];
    const fetch = () => Promise.resolve({ ok: true, value: `t${++asked}`, lifeMs: 3_600_000 } as const);
    const source = createTokenSource({ now: () => nowMs, fetch });
    await source.get();
    nowMs = 10_000;
    const others = await Promise.all(Array.from({ length: 20 }, async () => source.replace("t1")));
    expect(new Set(others.map((had) => had?.ok === true && had.value))).toEqual(new Set(["t2"]));
    expect([asked, source.replace("t2")]).toEqual([2, undefined]);
  });
});
