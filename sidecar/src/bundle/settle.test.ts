import { expect, it, onTestFinished } from "vitest";
import { createSettling, type Settling, type Texts } from "./settle.ts";

interface Readings {
  readonly settling: Settling;
  readonly told: readonly string[];
  /** Resolves when a reading waits for its answer. */
  readonly reading: () => Promise<void>;
  /** Answers the reading that waits or comes next; without a text the file is gone. */
  readonly answer: (text?: string) => Promise<void>;
}

/** Readings that a test answers one by one. */
function createReadings(): Readings {
  const waiting: ((texts: Texts) => void)[] = [];
  const told: string[] = [];
  const settling = createSettling({
    first: new Map([["f", "a"]]),
    read: () => new Promise((resolve) => waiting.push(resolve)),
    onTexts: (texts) => {
      told.push(texts.get("f") ?? "");
      return Promise.resolve();
    },
    settleMs: 1,
  });
  onTestFinished(settling.close);
  const reading = (): Promise<void> => expect.poll(() => waiting.length, { interval: 5, timeout: 20_000 }).toBe(1);
  return {
    settling,
    told,
    reading,
    answer: async (text) => {
      await reading();
      waiting.shift()?.(new Map(text === undefined ? [] : [["f", text]]));
    },
  };
}

it("tells a text that two readings in a row have found, once", async () => {
  const { settling, told, answer } = createReadings();
  settling.look();
  await answer("b");
  await answer("c");
  expect(told).toEqual([]);
  await answer("c");
  await expect.poll(() => told).toEqual(["c"]);
  settling.look();
  await answer("c");
  settling.look();
  await answer("d");
  await answer("d");
  await expect.poll(() => told).toEqual(["c", "d"]);
});

it("tells nothing of a change that was undone, or of a file that is gone", async () => {
  const { settling, told, answer } = createReadings();
  settling.look();
  await answer("b");
  await answer("a");
  settling.look();
  await answer();
  settling.look();
  await answer("b");
  await answer("b");
  await expect.poll(() => told).toEqual(["b"]);
});

it("looks again where it was asked to during a reading, also during the one that settles a change", async () => {
  const { settling, told, reading, answer } = createReadings();
  settling.look();
  await reading();
  settling.look();
  await answer("a");
  await answer("b");
  await reading();
  settling.look();
  await answer("b");
  await answer("c");
  await answer("c");
  await expect.poll(() => told).toEqual(["b", "c"]);
});

it("tells nothing after its end, not even what it was just reading", async () => {
  const { settling, told, reading, answer } = createReadings();
  settling.look();
  await answer("b");
  await reading();
  settling.close();
  await answer("b");
  settling.look();
  expect(told).toEqual([]);
});
