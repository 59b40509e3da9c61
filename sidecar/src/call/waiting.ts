/**
 * Who waits for a place where a limit bounds calls under way: in order of coming, callers in turn. Bounded in number and time.
 * Whether a place is free is decided elsewhere; here it is asked again when one may be.
 */
import type { QueuePlace } from "@outrigger/policy";
import type { Deadlines } from "./deadlines.ts";
import { answered, type RunningCall } from "./running-call.ts";

/** One call that waits. */
export interface Waiter {
  readonly caller: string;
  /** Ms that are left of its own whole time. */
  readonly leftMs: number;
  /** Decides anew: a place to go on waiting for, or the call under way (or refused, with nothing left to do). */
  readonly retry: () => QueuePlace | RunningCall;
  /** Ends the wait: no place among the waiting, none in time, or the client left. */
  readonly giveUp: (why: "QueueFull" | "QueueTimeout" | "gone") => void;
}

/** The waiting calls of one door. */
export interface Waiting {
  /** Has a call wait, or gives it up at once where too many do. */
  readonly hold: (place: QueuePlace, waiter: Waiter) => RunningCall;
  /** Calls that held these limits have ended. */
  readonly wake: (keys: readonly string[]) => void;
  readonly count: () => number;
}

/** Calls that wait at once, for whatever limits. */
const maxWaiting = 1_024;

interface Held {
  readonly waiter: Waiter;
  key: string;
  call: RunningCall | undefined;
  readonly stopClock: () => void;
}

/** Creates the queue. */
export function createWaiting(deadlines: Deadlines): Waiting {
  const queues = new Map<string, CallerTurns>();
  const pending = new Set<string>();
  let count = 0;
  let isWaking = false;

  const add = (held: Held): void => {
    const turns = queues.get(held.key) ?? createCallerTurns();
    queues.set(held.key, turns);
    turns.add(held);
    count++;
  };
  const remove = (held: Held): boolean => {
    const turns = queues.get(held.key);
    if (turns?.remove(held) !== true) return false;
    if (turns.size() === 0) queues.delete(held.key);
    count--;
    return true;
  };
  const giveUp = (held: Held, why: "QueueFull" | "QueueTimeout" | "gone"): void => {
    if (!remove(held)) return;
    held.stopClock();
    held.waiter.giveUp(why);
  };
  /** Asks for the one whose turn it is; false where there is no place for it yet. */
  const tryNext = (key: string): boolean => {
    const held = queues.get(key)?.next();
    if (held === undefined) return false;
    const result = held.waiter.retry();
    if ("key" in result) {
      if (result.key === key) return false;
      remove(held);
      held.key = result.key;
      add(held);
      return true;
    }
    remove(held);
    held.stopClock();
    held.call = result;
    return true;
  };
  const wake = (keys: readonly string[]): void => {
    if (queues.size === 0) return;
    for (const key of keys) pending.add(key);
    // A call that fails at once ends within the loop below and wakes the next.
    if (isWaking) return;
    isWaking = true;
    for (const key of pending) {
      pending.delete(key);
      while (tryNext(key));
    }
    isWaking = false;
  };

  return {
    hold: (place, waiter) => {
      const crowded = findCrowded(queues.get(place.key), place, waiter.caller);
      if (crowded === "newcomer" || count >= maxWaiting) {
        waiter.giveUp("QueueFull");
        return answered;
      }
      if (crowded !== undefined) giveUp(crowded, "QueueFull");
      const deadline = deadlines.start(Math.min(place.timeoutMs, waiter.leftMs), () => giveUp(held, "QueueTimeout"));
      const held: Held = { waiter, key: place.key, call: undefined, stopClock: deadline.clear };
      add(held);
      return {
        onDrain: () => held.call?.onDrain(),
        onGone: () => (held.call === undefined ? giveUp(held, "gone") : held.call.onGone()),
      };
    },
    wake,
    count: () => count,
  };
}

/** Who has to leave a full queue: the newcomer, or the last of a caller that has more waiting than the newcomer's would have. */
function findCrowded(turns: CallerTurns | undefined, place: QueuePlace, caller: string): Held | "newcomer" | undefined {
  if (turns === undefined || turns.size() < place.length) return undefined;
  const last = turns.lastOfLargest();
  return last !== undefined && turns.countOf(last.waiter.caller) > turns.countOf(caller) + 1 ? last : "newcomer";
}

/** The waiting calls for one limit: a line for each caller, and the callers in turn. */
interface CallerTurns {
  readonly add: (held: Held) => void;
  readonly remove: (held: Held) => boolean;
  /** The one whose turn it is; it stays until it is removed. */
  readonly next: () => Held | undefined;
  readonly lastOfLargest: () => Held | undefined;
  readonly countOf: (caller: string) => number;
  readonly size: () => number;
}

function createCallerTurns(): CallerTurns {
  // The first caller of the map is the next; who was served goes to its end.
  const lines = new Map<string, Held[]>();
  let size = 0;
  return {
    add: (held) => {
      const line = lines.get(held.waiter.caller);
      if (line === undefined) lines.set(held.waiter.caller, [held]);
      else line.push(held);
      size++;
    },
    remove: (held) => {
      const { caller } = held.waiter;
      const line = lines.get(caller);
      const at = line?.indexOf(held) ?? -1;
      if (line === undefined || at < 0) return false;
      line.splice(at, 1);
      size--;
      lines.delete(caller);
      if (line.length > 0) lines.set(caller, line);
      return true;
    },
    next: () => lines.values().next().value?.[0],
    lastOfLargest: () => {
      let largest: readonly Held[] = [];
      for (const line of lines.values()) if (line.length > largest.length) largest = line;
      return largest.at(-1);
    },
    countOf: (caller) => lines.get(caller)?.length ?? 0,
    size: () => size,
  };
}
