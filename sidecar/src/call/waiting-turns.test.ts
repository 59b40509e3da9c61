import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDeadlines } from "./deadlines.ts";
import { answered } from "./running-call.ts";
import { createWaiting } from "./waiting.ts";

const place = { key: "k", limit: "l", length: 4, timeoutMs: 1_000 };

/** A queue before one place that is taken until `free` is called. */
function openQueue() {
  const deadlines = createDeadlines(() => 0);
  onTestFinished(deadlines.close);
  const waiting = createWaiting(deadlines);
  const served: string[] = [];
  const givenUp: string[] = [];
  let isFree = false;
  return {
    served,
    givenUp,
    count: waiting.count,
    arrive: (caller: string, tag = caller) =>
      waiting.hold(place, {
        caller,
        leftMs: Number.POSITIVE_INFINITY,
        retry: () => {
          if (!isFree) return place;
          isFree = false;
          served.push(tag);
          return answered;
        },
        giveUp: (why) => void givenUp.push(`${tag}:${why}`),
      }),
    free: () => {
      isFree = true;
      waiting.wake(["k"]);
    },
  };
}

describe("turns of callers", () => {
  it("a caller with one call is served before the second of a caller with many", () => {
    const queue = openQueue();
    for (const tag of ["a1", "a2", "a3"]) queue.arrive("a", tag);
    queue.arrive("b", "b1");
    for (let at = 0; at < 4; at++) queue.free();
    expect(queue.served).toEqual(["a1", "b1", "a2", "a3"]);
  });

  it("in a full queue the newest of the caller that has most makes place", () => {
    const queue = openQueue();
    for (const tag of ["a1", "a2", "a3", "a4", "a5"]) queue.arrive("a", tag);
    expect(queue.givenUp).toEqual(["a5:QueueFull"]);
    queue.arrive("b", "b1");
    expect(queue.givenUp).toEqual(["a5:QueueFull", "a4:QueueFull"]);
    queue.arrive("b", "b2");
    queue.arrive("b", "b3");
    expect(queue.givenUp.slice(2)).toEqual(["a3:QueueFull", "b3:QueueFull"]);
  });

  it("a call that fails at once does not keep the next one waiting", () => {
    const deadlines = createDeadlines(() => 0);
    onTestFinished(deadlines.close);
    const waiting = createWaiting(deadlines);
    const served: string[] = [];
    const arrive = (tag: string): void =>
      void waiting.hold(place, {
        caller: tag,
        leftMs: Number.POSITIVE_INFINITY,
        retry: () => {
          served.push(tag);
          waiting.wake(["k"]);
          return answered;
        },
        giveUp: () => undefined,
      });
    for (const tag of ["a", "b", "c"]) arrive(tag);
    waiting.wake(["k"]);
    expect(served).toEqual(["a", "b", "c"]);
    expect(waiting.count()).toBe(0);
  });

  it("every call is served, given up or waiting, exactly once, for any order of events", () => {
    const event = fc.oneof(
      fc.record({ kind: fc.constant("arrive" as const), caller: fc.constantFrom("a", "b", "c") }),
      fc.record({ kind: fc.constant("leave" as const), at: fc.nat(20) }),
      fc.constant({ kind: "free" as const }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const queue = openQueue();
        const calls: ReturnType<typeof queue.arrive>[] = [];
        for (const each of events) {
          if (each.kind === "arrive") calls.push(queue.arrive(each.caller, String(calls.length)));
          else if (each.kind === "free") queue.free();
          else calls[each.at]?.onGone();
        }
        const ended = [...queue.served, ...queue.givenUp.map((line) => line.split(":")[0])];
        expect(new Set(ended).size).toBe(ended.length);
        expect(ended.length + queue.count()).toBe(calls.length);
        expect(queue.count()).toBeLessThanOrEqual(place.length);
      }),
      { numRuns: 500 },
    );
  });
});
