/** Calls at fixed times over a few clients, whatever becomes of them, and what was lost when something broke. */
import { setTimeout as sleep } from "node:timers/promises";
import { createCaller, type Way } from "./caller.ts";

/** One call: when it was sent and when it ended, in milliseconds of one clock. */
export interface TimedCall {
  readonly sentMs: number;
  readonly endedMs: number;
  /** Absent where it was answered. */
  readonly lostWhy?: string;
}

/** What a break cost. `outageSeconds`: from the first loss to the end of the last lost call. */
export interface Losses {
  readonly calls: number;
  /** Lost before anything broke: the machine was too busy, or something else is wrong. */
  readonly lostBefore: number;
  readonly lostInFlight: number;
  readonly lostLater: number;
  readonly outageSeconds: number;
  /** How often each reason was given, the most frequent first: what a reader needs to find the cause. */
  readonly reasons: readonly (readonly [why: string, count: number])[];
}

/** When something was broken: between the word to break it and the word that it is. */
export interface Broken {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A running load. */
export interface SteadyLoad {
  /** Calls that have ended. */
  readonly calls: () => readonly TimedCall[];
  /** Sends no more, waits for what is under way, and counts by the time in which something was broken. */
  readonly stop: (broken: Broken) => Promise<Losses>;
}

/** How much load: clients that each send so many calls a second. */
export interface LoadPlan {
  readonly clients: number;
  readonly perSecond: number;
}

const mostReasons = 5;

/** Starts the load. */
export function startLoad(way: Way, { clients, perSecond }: LoadPlan): SteadyLoad {
  const calls: TimedCall[] = [];
  const underWay = new Set<Promise<void>>();
  const callers = Array.from({ length: clients }, () => createCaller(way));
  const ending = new AbortController();
  const startedMs = performance.now();

  const send = async (caller: (typeof callers)[number]): Promise<void> => {
    const sentMs = performance.now();
    const outcome = await caller.call();
    const times = { sentMs, endedMs: performance.now() };
    if (outcome.kind === "answered") calls.push(times);
    else calls.push({ ...times, lostWhy: outcome.kind === "lost" ? outcome.why : outcome.kind });
  };
  const run = async (): Promise<void> => {
    for (let sent = 0; !ending.signal.aborted; sent++) {
      const caller = callers[sent % clients];
      const dueMs = startedMs + (sent * 1_000) / (clients * perSecond);
      await sleep(Math.max(0, dueMs - performance.now()));
      if (caller === undefined) continue;
      const call = send(caller).finally(() => underWay.delete(call));
      underWay.add(call);
    }
  };
  const running = run();
  return {
    calls: () => calls,
    stop: async (broken) => {
      ending.abort();
      await running;
      await Promise.all(underWay);
      for (const caller of callers) caller.close();
      return countLosses(calls, broken);
    },
  };
}

/** Counts what was lost. A call that was sent before the break was told to be done may have been in flight when it came. */
export function countLosses(calls: readonly TimedCall[], { fromMs, toMs }: Broken): Losses {
  const allLost = calls.filter(({ lostWhy }) => lostWhy !== undefined);
  const lost = allLost.filter(({ endedMs }) => endedMs >= fromMs);
  const firstEndMs = Math.min(...lost.map(({ endedMs }) => endedMs));
  const lastEndMs = Math.max(...lost.map(({ endedMs }) => endedMs));
  const lostInFlight = lost.filter(({ sentMs }) => sentMs <= toMs).length;
  const byWhy = Map.groupBy(allLost, ({ lostWhy = "" }) => lostWhy);
  const reasons = [...byWhy].map(([why, { length }]) => [why, length] as const).sort(([, a], [, b]) => b - a);
  return {
    calls: calls.length,
    lostBefore: allLost.length - lost.length,
    lostInFlight,
    lostLater: lost.length - lostInFlight,
    outageSeconds: lost.length === 0 ? 0 : (lastEndMs - firstEndMs) / 1_000,
    reasons: reasons.slice(0, mostReasons),
  };
}
