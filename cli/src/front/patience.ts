/**
 * Waits for an endpoint that refuses connections: it may be restarting, or be started a moment after the client. Tells once that it is
 * away and once that it is back. Only a connection that was refused is tried again, since then nothing was sent.
 */
import { describeFailedConnection, readConnectionCode, type Dialled } from "@outrigger/runtime/connection-failure";
import { restartDelayMs } from "../fleet/backoff.ts";
import type { Send } from "./send.ts";

/** How long, and what is told. Times in ms. */
export interface PatienceOptions {
  readonly send: Send;
  readonly dialled: Dialled;
  readonly waitMs: number;
  readonly tell: (sentence: string) => void;
  readonly nowMs: () => number;
  readonly random: () => number;
  /** Waits; returns early where the signal says so. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Creates a way to send that waits. */
export function createPatientSend({ send, dialled, waitMs, tell, nowMs, random, pause }: PatienceOptions): Send {
  let isAway = false;
  return async (asked) => {
    const untilMs = nowMs() + waitMs;
    for (let attempt = 0; ; attempt++) {
      try {
        const answered = await send(asked);
        if (isAway) tell(`${dialled.address} answers again.`);
        isAway = false;
        return answered;
      } catch (error) {
        if (asked.signal.aborted) throw error;
        if (!isAway) tell(`${describeFailedConnection(dialled, error)}.`);
        isAway = true;
        const waitedMs = restartDelayMs(attempt, random());
        if (readConnectionCode(error) !== "ECONNREFUSED" || nowMs() + waitedMs > untilMs) throw error;
        await pause(waitedMs, asked.signal);
      }
    }
  };
}
