/**
 * The rhythm of a duty: it runs when something changed, from time to time anyway, and sooner after a failure; never twice at
 * once. What it does is its own; it starts from what is, so a lost trigger costs time alone.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createBackoff, type BackoffBounds } from "@outrigger/kube";

/** What one run came to. `problems`: one sentence each; the run is repeated soon where there is any. */
export interface DutyResult {
  readonly problems: readonly string[];
  /** When to run again at the latest, ms from now, where that is sooner than usual. */
  readonly nextMs?: number;
}

/** One duty. Times in ms. */
export interface DutyOptions {
  readonly name: string;
  readonly run: (signal: AbortSignal) => Promise<DutyResult>;
  readonly onResult: (name: string, result: DutyResult) => void;
  /** A bug: the run threw. It is repeated like a failed one. */
  readonly onError: (name: string, error: unknown) => void;
  readonly random: () => number;
  /** Longest time between two runs, spread by a fifth; default 5 minutes. */
  readonly everyMs?: number;
  /** How long changes are gathered before a run; default 50 ms. */
  readonly settleMs?: number;
  /** Waits after failures; default 1 s to 1 min. */
  readonly backoff?: BackoffBounds;
}

/** A running duty. */
export interface Duty {
  /** Something changed. */
  readonly trigger: () => void;
  /** Ends the run under way by its signal and waits for it. */
  readonly stop: () => Promise<void>;
}

const defaultBackoff: BackoffBounds = { firstMs: 1_000, longestMs: 60_000 };
const failedSettleMs = 500;

/** Starts a duty; its first run comes at once. */
export function startDuty(options: DutyOptions): Duty {
  const { name, random, everyMs = 5 * 60_000, settleMs = 50 } = options;
  const backoff = createBackoff(random, options.backoff ?? defaultBackoff);
  const ending = new AbortController();
  const { signal } = ending;
  const isStopped = (): boolean => signal.aborted;
  let isDue = true;
  let wake = new AbortController();

  const runOnce = async (): Promise<DutyResult> => {
    isDue = false;
    try {
      const result = await options.run(signal);
      if (!isStopped()) options.onResult(name, result);
      return result;
    } catch (error) {
      if (!isStopped()) options.onError(name, error);
      return { problems: ["the run failed"] };
    }
  };

  const planNext = ({ problems, nextMs }: DutyResult): number => {
    if (problems.length > 0) return backoff.next();
    backoff.reset();
    return Math.min(nextMs ?? Number.POSITIVE_INFINITY, everyMs * (0.8 + random() * 0.4));
  };

  /** Rejections of these waits are the news that they were cut short; the loop looks at what happened itself. */
  const wait = (ms: number, cutShort: AbortSignal): Promise<void> =>
    sleep(ms, undefined, { signal: AbortSignal.any([signal, cutShort]) }).catch(() => undefined);

  const loop = async (): Promise<void> => {
    while (!isStopped()) {
      const result = await runOnce();
      const waitMs = planNext(result);
      wake = new AbortController();
      if (!isDue) await wait(waitMs, wake.signal);
      // Changes come in crowds: a rollout touches many pods. What fails is not asked for at the pace of changes.
      await wait(result.problems.length > 0 ? Math.max(settleMs, failedSettleMs) : settleMs, signal);
    }
  };
  const running = loop();

  return {
    trigger: () => {
      isDue = true;
      wake.abort();
    },
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}
