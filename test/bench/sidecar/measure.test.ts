import { describe, expect, it } from "vitest";
import type { Sample } from "../stats/rounds.ts";
import { measureRounds, takeTurns } from "./measure.ts";
import type { Subject } from "./subject.ts";

const entry = (name: string): { readonly subject: Subject } => ({
  subject: {
    ...{ name, pid: 1, port: 1, headers: {} },
    ...{ isRunning: () => true, stderr: () => "", stop: () => Promise.resolve() },
  },
});
const entries = [entry("a"), entry("b")];
const plan = (rounds: number, extraRounds: number) => ({ rounds, extraRounds, onProgress: () => undefined });

/** Turns whose samples are as disturbed as `given` says, in the order in which they are taken; none is where it ends. */
async function turns(given: readonly number[], { rounds, extraRounds }: ReturnType<typeof plan>) {
  const taken: string[] = [];
  const found = await takeTurns(
    {
      title: "turns",
      entries,
      sample: ({ subject }) => Promise.resolve({ at: taken.push(subject.name) }),
      disturbance: ({ at }) => given[at - 1] ?? 0,
    },
    plan(rounds, extraRounds),
  );
  return {
    taken: taken.join(""),
    kept: found.map((round) => [...round].map(([name, { at }]) => `${name}${at}`).join()),
  };
}

describe("rounds", () => {
  it("go to and fro, so that a busy minute meets all", async () => {
    expect(await turns([], plan(3, 4))).toEqual({ taken: "abbaab", kept: ["a1,b2", "b3,a4", "a5,b6"] });
  });

  it("take a disturbed window again at once, and keep the one that was disturbed less", async () => {
    expect(await turns([0.2, 0.1], plan(1, 4))).toEqual({ taken: "aab", kept: ["a2,b3"] });
    expect(await turns([0.2, 0.3], plan(1, 4))).toEqual({ taken: "aab", kept: ["a1,b3"] });
  });

  it("take no other window of a round again where that did not help", async () => {
    const busy = Array.from({ length: 20 }, () => 0.5);
    expect((await turns(busy, plan(2, 4))).taken).toBe("aabbba");
    expect((await turns([0.5, 0, 0.5], plan(1, 4))).taken).toBe("aabb");
  });

  it("take no more windows again than there are to spare", async () => {
    const busy = Array.from({ length: 20 }, () => 0.5);
    expect((await turns(busy, plan(3, 1))).taken).toBe("aabbbaab");
    expect((await turns(busy, plan(2, 0))).taken).toBe("abba");
  });

  it("take no window again of whom nothing is compared with", async () => {
    const disturbed: Sample = { cpuUs: 1, callsPerSecond: 1, utilisation: 1, othersShare: 1 };
    const taken: string[] = [];
    const sample = ({ subject }: { readonly subject: Subject }) => {
      taken.push(subject.name);
      return Promise.resolve(disturbed);
    };
    const comparisons = [{ of: "b", by: "b" }];
    await measureRounds({ title: "rounds", entries, comparisons, sample }, plan(1, 4));
    expect(taken.join("")).toBe("abb");
  });
});
