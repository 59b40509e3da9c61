import fc from "fast-check";
import { expect, it } from "vitest";
import { hearAnswer, hearLoss, listEjected, type LossRecord } from "./ejection.ts";

const bounds = { threshold: 3, firstMs: 1_000, longestMs: 8_000 };

function lose(times: number, nowMs: number, record?: LossRecord): LossRecord {
  const next = hearLoss(record, nowMs, bounds);
  return times === 1 ? next : lose(times - 1, nowMs, next);
}

it("ejects after three lost calls in a row, and not where one was answered between them", () => {
  expect(lose(2, 0).untilMs).toBe(0);
  expect(lose(3, 0).untilMs).toBe(1_000);
  expect(lose(2, 0, hearAnswer(lose(2, 0), 0, bounds)).untilMs).toBe(0);
});

it("counts calls that were under way at the ejection once", () => {
  expect(lose(50, 10)).toEqual(lose(3, 10));
});

it("ejects for longer each time, after one lost call, and never for longer than the bound", () => {
  const lengths: number[] = [];
  let nowMs = 0;
  let record = lose(3, nowMs);
  for (let count = 0; count < 6; count++) {
    lengths.push(record.untilMs - nowMs);
    nowMs = record.untilMs;
    record = lose(1, nowMs, record);
  }
  expect(lengths).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
});

it("forgets one that has recovered and stayed well, and not one that has only just come back", () => {
  const record = lose(3, 0);
  expect(hearAnswer(record, 1_500, bounds)).toMatchObject({ ejections: 1 });
  expect(lose(1, 1_600, hearAnswer(record, 1_500, bounds)).untilMs).toBe(3_600);
  expect(hearAnswer(record, 9_000, bounds)).toBeUndefined();
});

it("leaves at least half of the replicas in use, whatever happened to them", () => {
  const records = fc.array(fc.record({ failures: fc.nat(), ejections: fc.nat(), untilMs: fc.nat({ max: 100 }) }));
  fc.assert(
    fc.property(records, fc.nat({ max: 100 }), (list, nowMs) => {
      const keys = list.map((_record, at) => String(at));
      const ejected = listEjected(keys, (key) => list[Number(key)], nowMs);
      expect(ejected.size).toBeLessThanOrEqual(keys.length / 2);
      const shortest = Math.min(...[...ejected].map((key) => list[Number(key)]?.untilMs ?? 0));
      expect(shortest).toBeGreaterThan(nowMs);
      const kept = keys.filter((key) => !ejected.has(key) && (list[Number(key)]?.untilMs ?? 0) > nowMs);
      for (const key of kept) expect(list[Number(key)]?.untilMs).toBeLessThanOrEqual(shortest);
    }),
  );
});

it("never ejects the only replica", () => {
  expect(listEjected(["a"], () => lose(3, 0), 1).size).toBe(0);
});
