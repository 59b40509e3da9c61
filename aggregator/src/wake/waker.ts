/**
 * Has sleeping servers woken and holds the calls to them meanwhile. One wake per server, however many calls wait for it: the first has
 * the operator asked, the last one that leaves ends it. Decides when a call stops waiting; what its caller is told is `tell.ts`'s.
 */
import { createBackoff, type BackoffBounds } from "@outrigger/kube";
import { serverKey } from "../catalog/entry.ts";
import { judgeSleep, needsWaking, type AskOutcome, type SleepFacts } from "./judge.ts";

/** A server by its identity. */
export interface ServerName {
  readonly namespace: string;
  readonly server: string;
}

/** How much waits for one server, and for how long. `timeoutMs` is of each call. */
export interface WakeBounds {
  readonly mostWaiting: number;
  readonly timeoutMs: number;
}

/** How a call's waiting ended. `afterMs`: how long it waited; `detail`: why the server can't be called, for a person. */
export type Wait =
  | { readonly kind: "awake" | "gone" | "full" }
  | { readonly kind: "late"; readonly afterMs: number; readonly detail: string | undefined; readonly wasAsked: boolean }
  | { readonly kind: "refused"; readonly detail: string };

/** How the waiting of all calls for a server ends at once. */
type EndOfWake = Exclude<Wait, { readonly kind: "late" }> & { readonly kind: "awake" | "gone" | "refused" };

/** What is counted: how waiting ended for a call, and what became of a wake. */
export interface WakeMetrics {
  readonly countWait: (result: Wait["kind"] | "left") => void;
  readonly observeWake: (result: WakeResult, seconds: number) => void;
}

/** What became of a wake: `late` and `left` say how its last call stopped waiting. */
export type WakeResult = "awake" | "gone" | "refused" | "late" | "left";

/** What the waker needs. `schedule` runs something after some ms and gives what takes that back. */
export interface WakerOptions {
  readonly bounds: WakeBounds;
  /** Asks the operator once; never rejects. `signal`: nobody waits for the server any more. */
  readonly ask: (server: ServerName, signal: AbortSignal) => Promise<AskOutcome>;
  readonly factsOf: (server: ServerName) => SleepFacts;
  readonly metrics: WakeMetrics;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly schedule?: (run: () => void, ms: number) => () => void;
}

/** One call that may have to wait. `onWait` is called once where it does; times in ms of the waker's clock. */
export interface WakeCall {
  readonly signal: AbortSignal;
  readonly endsAtMs: number;
  readonly onWait: () => void;
}

/** The running waker. */
export interface Waker {
  /** Undefined at once where the server need not be woken. Rejects only when the call's signal aborts. */
  readonly wake: (server: ServerName, call: WakeCall) => Promise<Wait | undefined>;
  /** What is known of servers has changed. */
  readonly look: () => void;
  readonly waiting: () => number;
  readonly stop: () => void;
}

/** Waits after an attempt to ask the operator that failed. */
const askBackoff: BackoffBounds = { firstMs: 250, longestMs: 5_000 };
/** It is asked again while calls wait: whoever was asked in the moment of putting the server to sleep has done that after it. */
const askAgainMs = 5_000;

/** A wake that is under way; there is one as long as a call waits for it. */
interface Wake {
  readonly server: ServerName;
  readonly startedMs: number;
  /** What ends the waiting of each call, in order of coming. */
  readonly calls: Set<(wait: Wait) => void>;
  readonly ending: AbortController;
  asked: AskOutcome | undefined;
  /** Takes back that the operator will be asked again. */
  dropNext: () => void;
}

/** Creates the waker; nobody waits. */
export function createWaker(options: WakerOptions): Waker {
  const { bounds, factsOf, metrics, nowMs, schedule = scheduleByTimer } = options;
  const wakes = new Map<string, Wake>();
  const asking = new Set<string>();

  const finish = (key: string, wake: Wake, result: WakeResult): void => {
    wakes.delete(key);
    wake.ending.abort();
    wake.dropNext();
    metrics.observeWake(result, (nowMs() - wake.startedMs) / 1_000);
  };

  const end = (key: string, wake: Wake, wait: EndOfWake): void => {
    finish(key, wake, wait.kind);
    for (const settle of [...wake.calls]) settle(wait);
  };

  const lookAt = (key: string, wake: Wake): void => {
    const judgement = judgeSleep(factsOf(wake.server), wake.asked);
    if (judgement === "sleeping") return;
    const { asked } = wake;
    const detail = asked === undefined || asked.kind === "asked" ? "" : asked.message;
    end(key, wake, judgement === "refused" ? { kind: judgement, detail } : { kind: judgement });
  };

  const keepAsking = (key: string, wake: Wake): void => {
    const { signal } = wake.ending;
    const backoff = createBackoff(options.random, askBackoff);
    const askNow = async (): Promise<void> => {
      const asked = await options.ask(wake.server, signal);
      if (wakes.get(key) !== wake) return;
      // Once it was asked, an attempt that fails takes nothing back.
      if (asked.kind !== "failed" || wake.asked?.kind !== "asked") wake.asked = asked;
      lookAt(key, wake);
      if (wakes.get(key) !== wake) return;
      wake.dropNext = schedule(askSoon, asked.kind === "failed" ? backoff.next() : askAgainMs);
    };
    const askSoon = (): void => void askNow();
    askSoon();
  };

  const open = (key: string, server: ServerName): Wake => {
    const calls: Wake["calls"] = new Set();
    const ending = new AbortController();
    const wake: Wake = { server, startedMs: nowMs(), calls, ending, asked: undefined, dropNext: () => undefined };
    wakes.set(key, wake);
    keepAsking(key, wake);
    return wake;
  };

  const describeLate = (wake: Wake, afterMs: number): Wait => {
    const { asked } = wake;
    if (asked?.kind === "asked")
      return { kind: "late", afterMs, detail: factsOf(wake.server).obstacle(), wasAsked: true };
    return { kind: "late", afterMs, detail: asked?.message, wasAsked: false };
  };

  const hold = (key: string, wake: Wake, call: WakeCall): Promise<Wait> =>
    new Promise((resolve, reject) => {
      const leave = (result: Wait["kind"] | "left"): void => {
        cancelTimer();
        call.signal.removeEventListener("abort", giveUp);
        wake.calls.delete(settle);
        metrics.countWait(result);
      };
      const settle = (wait: Wait): void => {
        leave(wait.kind);
        resolve(wait);
      };
      const giveUp = (): void => {
        leave("left");
        if (wake.calls.size === 0) finish(key, wake, "left");
        reject(call.signal.reason as Error);
      };
      const waitMs = Math.max(0, Math.min(bounds.timeoutMs, call.endsAtMs - nowMs()));
      const cancelTimer = schedule(() => {
        settle(describeLate(wake, waitMs));
        if (wake.calls.size === 0) finish(key, wake, "late");
      }, waitMs);
      call.signal.addEventListener("abort", giveUp, { once: true });
      wake.calls.add(settle);
    });

  /** Where none may wait, a call has its server woken all the same: its caller comes again. */
  const askOnce = (key: string, server: ServerName): void => {
    if (wakes.has(key) || asking.has(key)) return;
    asking.add(key);
    void options.ask(server, new AbortController().signal).finally(() => asking.delete(key));
  };

  return {
    wake: async (server, call) => {
      if (!needsWaking(factsOf(server))) return undefined;
      call.signal.throwIfAborted();
      const key = serverKey(server.namespace, server.server);
      const known = wakes.get(key);
      if ((known?.calls.size ?? 0) >= bounds.mostWaiting) {
        askOnce(key, server);
        metrics.countWait("full");
        return { kind: "full" };
      }
      call.onWait();
      return hold(key, known ?? open(key, server), call);
    },
    look: () => {
      for (const [key, wake] of [...wakes]) lookAt(key, wake);
    },
    waiting: () => [...wakes.values()].reduce((sum, { calls }) => sum + calls.size, 0),
    stop: () => {
      for (const [key, wake] of [...wakes]) end(key, wake, { kind: "gone" });
    },
  };
}

function scheduleByTimer(run: () => void, ms: number): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}
