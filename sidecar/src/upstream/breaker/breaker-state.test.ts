import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  admit,
  closedBreaker,
  fail,
  isCalm,
  letGo,
  succeed,
  wake,
  type BreakerRules,
  type BreakerState,
  type Passed,
} from "./breaker-state.ts";

const rules: BreakerRules = {
  failures: 3,
  window: { ms: 1_000, calls: 8, share: 0.5 },
  openMs: { first: 100, longest: 400 },
  trials: { atOnce: 2, successes: 2 },
};

type Ending = "good" | "bad" | "torn" | "left";
type Step = { readonly call: true } | { readonly end: Ending; readonly which: number } | { readonly waitMs: number };

/** A server's calls, as a breaker sees them. */
class Run {
  state: BreakerState = closedBreaker;
  nowMs = 0;
  latest = 0;
  underWay: Passed[] = [];

  /** True where the call passes. */
  call(): boolean {
    const admission = admit(this.state, this.nowMs, rules);
    this.state = admission.state;
    if (admission.passes) this.underWay.push({ order: ++this.latest, epoch: this.state.epoch });
    return admission.passes;
  }

  end(ending: Ending, which = 0): void {
    const [passed] = this.underWay.splice(which % Math.max(1, this.underWay.length), 1);
    if (passed === undefined) return;
    const at = { nowMs: this.nowMs, rules };
    if (ending === "good") this.state = succeed(this.state, passed, rules);
    else if (ending === "left") this.state = letGo(this.state, passed);
    else this.state = fail(this.state, { ...passed, torn: ending === "torn", latest: this.latest }, at);
  }

  do(endings: readonly Ending[]): this {
    for (const ending of endings) {
      this.call();
      this.end(ending);
    }
    return this;
  }

  step(step: Step): void {
    if ("call" in step) this.call();
    else if ("end" in step) this.end(step.end, step.which);
    else this.nowMs += step.waitMs;
  }
}

const steps = (endings: readonly Ending[]): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constant<Step>({ call: true }) },
      { weight: 3, arbitrary: fc.record({ end: fc.constantFrom(...endings), which: fc.nat({ max: 20 }) }) },
      { weight: 1, arbitrary: fc.record({ waitMs: fc.nat({ max: 300 }) }) },
    ),
    { maxLength: 120 },
  );

describe("the breaker", () => {
  it("opens after so many failures in a row, and not before", () => {
    const run = new Run().do(["bad", "bad", "good", "bad", "bad"]);
    expect(run.state.kind).toBe("Closed");
    expect(run.do(["bad"]).state).toMatchObject({ kind: "Open", untilMs: 100 });
    expect(admit(run.state, 40, rules)).toMatchObject({ passes: false, waitMs: 60 });
  });

  it("opens where half of many calls fail, whatever lies between them, and not where they fail within a longer time", () => {
    const mixed: Ending[] = ["bad", "good", "bad", "good", "bad", "good", "bad"];
    expect(new Run().do([...mixed, "bad"]).state.kind).toBe("Open");
    const slow = new Run();
    for (const ending of [...mixed, ...mixed]) {
      slow.do([ending]);
      slow.nowMs += 400;
    }
    expect(slow.state.kind).toBe("Closed");
  });

  it("counts calls that broke together as one failure, and those that were sent after it anew", () => {
    const run = new Run();
    for (let count = 0; count < 6; count++) run.call();
    for (let count = 0; count < 6; count++) run.end("torn");
    expect(run.state).toMatchObject({ kind: "Closed", row: 1 });
    expect(run.do(["torn", "torn"]).state.kind).toBe("Open");
  });

  it("lets a few through when its time is over, closes after as many successes, and stays open longer after a failure", () => {
    const run = new Run().do(["bad", "bad", "bad"]);
    run.nowMs = 100;
    expect([run.call(), run.call(), run.call()]).toEqual([true, true, false]);
    run.end("good");
    expect(run.state.kind).toBe("HalfOpen");
    run.end("bad");
    expect(run.state).toMatchObject({ kind: "Open", untilMs: 300, openMs: 200 });
    run.nowMs = 300;
    run.do(["good", "good"]);
    expect(run.state).toMatchObject({ kind: "Closed", row: 0 });
    expect(isCalm(run.state)).toBe(true);
    expect(run.do(["bad", "bad", "bad"]).state).toMatchObject({ openMs: 100 });
  });

  it("learns nothing from calls of another time, nor from those that were given up", () => {
    const run = new Run();
    for (let count = 0; count < 4; count++) run.call();
    for (let count = 0; count < 3; count++) run.end("bad");
    run.nowMs = 100;
    run.state = wake(run.state, 100);
    const before = run.state;
    run.end("bad");
    expect(run.state).toEqual(before);
    run.do(["left", "left", "left", "left"]);
    expect(run.state).toMatchObject({ kind: "HalfOpen", underWay: 0 });
  });

  it("never opens by successes and given-up calls alone", () => {
    fc.assert(
      fc.property(steps(["good", "left"]), (list) => {
        const run = new Run();
        for (const step of list) run.step(step);
        expect(isCalm(run.state)).toBe(true);
      }),
    );
  });

  it("whatever happens: passes nothing while open, few while half-open, and always finds its way back", () => {
    fc.assert(
      fc.property(steps(["good", "bad", "torn", "left"]), (list) => {
        const run = new Run();
        for (const step of list) {
          const before = run.state;
          const passed = run.underWay.length;
          run.step(step);
          if (before.kind === "Open" && run.nowMs < before.untilMs)
            expect(run.underWay.length).toBeLessThanOrEqual(passed);
          if (run.state.kind === "HalfOpen") {
            const trials = run.underWay.filter(({ epoch }) => epoch === run.state.epoch).length;
            expect(run.state.underWay).toBe(trials);
            expect(trials).toBeLessThanOrEqual(rules.trials.atOnce);
          }
          expect(run.state.epoch).toBeGreaterThanOrEqual(before.epoch);
          if (run.state.kind !== before.kind) expect(run.state.epoch).toBeGreaterThan(before.epoch);
        }
        while (run.underWay.length > 0) run.end("left");
        run.nowMs += rules.openMs.longest;
        run.do(["good", "good"]);
        expect(run.state.kind).toBe("Closed");
      }),
      { numRuns: 500 },
    );
  });
});
