/** One coarse timer for all deadlines of a process: a timer per call costs more than a decision. */

import { createSlots } from "../slots.ts";

/** A running deadline. `touch` starts its time anew; `clear` ends it. */
export interface Deadline {
  readonly touch: () => void;
  readonly clear: () => void;
}

/** Called once. `late`: the time has passed; `ending`: there is no more time for anybody. */
type OnPassed = (why: "late" | "ending") => void;

export interface Deadlines {
  /** Calls `onPassed` once, at most one tick after `afterMs` without a touch, or after `wholeMs` whatever comes (default: never). */
  readonly start: (afterMs: number, onPassed: OnPassed, wholeMs?: number) => Deadline;
  /** Calls everyone now: the process is about to end. */
  readonly endAll: () => void;
  readonly close: () => void;
}

interface Entry {
  dueMs: number;
  readonly onPassed: OnPassed;
  place: number;
}

/** Creates the wheel. `now` is a monotonic clock in ms; `tickMs` is the precision. */
export function createDeadlines(now: () => number, tickMs = 250): Deadlines {
  const entries = createSlots<Entry>();
  const drop = (entry: Entry): void => {
    if (entry.place < 0) return;
    entries.free(entry.place);
    entry.place = -1;
  };
  const timer = setInterval(() => {
    const nowMs = now();
    for (const entry of entries.values()) {
      if (entry.dueMs > nowMs) continue;
      drop(entry);
      entry.onPassed("late");
    }
  }, tickMs);
  timer.unref();
  return {
    start: (afterMs, onPassed, wholeMs = Number.POSITIVE_INFINITY) => {
      const startedMs = now();
      const lastMs = startedMs + wholeMs;
      const entry: Entry = { dueMs: Math.min(startedMs + afterMs, lastMs), onPassed, place: -1 };
      entry.place = entries.put(entry);
      return {
        touch: () => {
          entry.dueMs = Math.min(now() + afterMs, lastMs);
        },
        clear: () => drop(entry),
      };
    },
    endAll: () => {
      for (const entry of [...entries.values()]) {
        drop(entry);
        entry.onPassed("ending");
      }
    },
    close: () => clearInterval(timer),
  };
}
