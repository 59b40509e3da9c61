import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPaceJudge, type PaceJudge } from "./judge-pace.ts";

/** Answers one after the other, so far apart. Time goes on from one list to the next. */
function observer(judge: PaceJudge): (times: readonly number[], everyMs?: number) => void {
  let nowMs = 0;
  return (times, everyMs = 2_000) => {
    for (const tookMs of times) judge.observe("ping", tookMs, (nowMs += everyMs));
  };
}

const of = (count: number, ms: number): number[] => Array.from({ length: count }, () => ms);

describe("the pace of a server", () => {
  it("is slow after several answers that took much longer than its own, and not after one or two", () => {
    const judge = createPaceJudge();
    const observe = observer(judge);
    observe(of(20, 100));
    observe([30_000, 30_000]);
    expect([judge.slow(), judge.isSuspect()]).toEqual([undefined, true]);
    observe(of(4, 1_000));
    expect(judge.slow()).toBe(4);
  });

  it("is as before only after its answers are, not as soon as they get better", () => {
    const judge = createPaceJudge();
    const observe = observer(judge);
    observe([...of(20, 100), ...of(20, 900)]);
    expect(judge.slow()).toBeDefined();
    observe(of(30, 300));
    expect(judge.slow()).toBeDefined();
    observe(of(30, 100));
    expect([judge.slow(), judge.isSuspect()]).toEqual([undefined, false]);
  });

  it("is what the same question took: one that always takes long is not slow", () => {
    const judge = createPaceJudge();
    for (let at = 0; at < 40; at++) {
      judge.observe("tools/call search", 5_000, at * 500);
      judge.observe("ping", 1, at * 500);
    }
    expect([judge.slow(), judge.isSuspect()]).toEqual([undefined, false]);
  });

  it("becomes the usual after hours", () => {
    const judge = createPaceJudge();
    const observe = observer(judge);
    observe([...of(20, 100), ...of(10, 800)]);
    expect(judge.slow()).toBeDefined();
    observe(of(12 * 360, 800), 10_000);
    expect(judge.slow()).toBeUndefined();
  });

  it("follows a bounded number of questions", () => {
    const judge = createPaceJudge();
    for (let name = 0; name < 1_000; name++) for (let at = 0; at < 6; at++) judge.observe(`tools/call ${name}`, 10, at);
    for (let at = 0; at < 50; at++) judge.observe("tools/call 999", 60_000, at);
    expect(judge.slow()).toBeUndefined();
  });

  it("never takes a server for slow whose answers stay within twice the usual, or that nobody waits for", () => {
    const steady = fc.integer({ min: 60, max: 5_000 }).chain((ms) => fc.array(fc.integer({ min: ms, max: ms * 2 })));
    const quick = fc.array(fc.integer({ min: 0, max: 199 }));
    fc.assert(
      fc.property(fc.oneof(steady, quick), (times) => {
        const judge = createPaceJudge();
        const observe = observer(judge);
        observe(times);
        expect(judge.slow()).toBeUndefined();
      }),
    );
  });

  it("finds every server that became ten times slower, and that it is over", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 5, max: 200 }), (ms, count) => {
        const judge = createPaceJudge();
        const observe = observer(judge);
        observe(of(count, ms));
        observe(of(8, Math.max(ms, 50) * 10));
        expect(judge.slow()).toBeDefined();
        observe(of(30, ms));
        expect(judge.slow()).toBeUndefined();
      }),
    );
  });
});
