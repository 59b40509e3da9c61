/**
 * Which replicas get no calls for a while because calls to them were lost one after another, whatever their sidecars say. At most half of a
 * server's replicas, and longer each time. Pure: records and the clock are given.
 */

/** What calls have shown of one replica. `ejections`: how often in a row; `untilMs`: the end of the last of them, 0 for none. */
export interface LossRecord {
  readonly failures: number;
  readonly ejections: number;
  readonly untilMs: number;
}

/** Lost calls in a row that eject, and how long: the first time, and at most. Times in ms. */
export interface EjectionBounds {
  readonly threshold: number;
  readonly firstMs: number;
  readonly longestMs: number;
}

/** The bounds of an aggregator. */
export const ejectionBounds: EjectionBounds = { threshold: 3, firstMs: 5_000, longestMs: 300_000 };

const clean: LossRecord = { failures: 0, ejections: 0, untilMs: 0 };

/** The record after a call was lost. Calls that were under way when a replica was ejected make it no worse. */
export function hearLoss(record: LossRecord = clean, nowMs: number, bounds: EjectionBounds): LossRecord {
  if (record.untilMs > nowMs) return record;
  const failures = record.failures + 1;
  // Who was ejected before is on trial: one more loss is enough.
  if (failures < bounds.threshold && record.ejections === 0) return { ...record, failures };
  const lengthMs = Math.min(bounds.firstMs * 2 ** record.ejections, bounds.longestMs);
  return { failures: 0, ejections: record.ejections + 1, untilMs: nowMs + lengthMs };
}

/** The record after a call was answered; undefined where nothing is left to remember. One that was ejected is well once it stayed so. */
export function hearAnswer(
  record: LossRecord | undefined,
  nowMs: number,
  bounds: EjectionBounds,
): LossRecord | undefined {
  if (record === undefined || record.ejections === 0 || nowMs - record.untilMs >= bounds.longestMs) return undefined;
  // An answer that began before the ejection says nothing of how it is now.
  return record.untilMs > nowMs || record.failures === 0 ? record : { ...record, failures: 0 };
}

/** Of these replicas of one server those that are ejected now: the ones with the longest time to go, and never more than half. */
export function listEjected(
  keys: readonly string[],
  recordOf: (key: string) => LossRecord | undefined,
  nowMs: number,
): ReadonlySet<string> {
  const out = keys.flatMap((key) => {
    const untilMs = recordOf(key)?.untilMs ?? 0;
    return untilMs > nowMs ? [{ key, untilMs }] : [];
  });
  const longestFirst = out.sort((a, b) => b.untilMs - a.untilMs || (a.key < b.key ? -1 : 1));
  return new Set(longestFirst.slice(0, Math.floor(keys.length / 2)).map(({ key }) => key));
}
