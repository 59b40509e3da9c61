import { describe, expect, it } from "vitest";
import type { UpstreamFailure, UpstreamSink } from "../../upstream/upstream.ts";
import { createOutlet, type Outlet } from "./outlet.ts";
import { tendOutlet } from "./upkeep.ts";

interface Reader {
  readonly outlet: Outlet;
  readonly heldBy: ReadonlySet<object>;
  readonly failures: readonly UpstreamFailure[];
  readonly clock: { nowMs: number };
}

/** A reader that takes the first chunk and then asks to pause. */
function createSlowReader(): Reader {
  const clock = { nowMs: 0 };
  const heldBy = new Set<object>();
  const failures: UpstreamFailure[] = [];
  const sink: UpstreamSink = {
    onHead: () => undefined,
    onData: () => false,
    onEnd: () => undefined,
    onFailure: (failure) => failures.push(failure),
  };
  const source = { hold: (holder: object) => heldBy.add(holder), release: (holder: object) => heldBy.delete(holder) };
  return { outlet: createOutlet(sink, { source, now: () => clock.nowMs }), heldBy, failures, clock };
}

describe("an open answer", () => {
  it("holds its child while its reader is behind, and lets go when it goes on or leaves", () => {
    const { outlet, heldBy } = createSlowReader();
    outlet.data(Buffer.from("x"));
    expect(heldBy.size).toBe(1);
    outlet.resume();
    expect(heldBy.size).toBe(0);
    outlet.data(Buffer.from("x"));
    outlet.silence();
    expect(heldBy.size).toBe(0);
  });

  it("gets a comment when it was quiet, but not while its reader is behind", () => {
    const { outlet, clock } = createSlowReader();
    let comments = 0;
    const tend = (nowMs: number): void => {
      clock.nowMs = nowMs;
      tendOutlet(outlet, nowMs, () => comments++);
    };
    tend(14_999);
    expect(comments).toBe(0);
    tend(15_000);
    expect(comments).toBe(1);
    outlet.data(Buffer.from("x"));
    tend(30_000);
    expect(comments).toBe(1);
  });

  it("is given up when its reader was behind for half a minute, so that its child goes on", () => {
    const { outlet, clock, failures, heldBy } = createSlowReader();
    outlet.data(Buffer.from("x"));
    clock.nowMs = 30_000;
    tendOutlet(outlet, clock.nowMs, () => undefined);
    expect(failures).toEqual([]);
    clock.nowMs = 30_001;
    tendOutlet(outlet, clock.nowMs, () => undefined);
    expect(failures).toMatchObject([{ reason: "UpstreamBroken", sent: true }]);
    expect(heldBy.size).toBe(0);
    expect(outlet.isOpen()).toBe(false);
  });
});
