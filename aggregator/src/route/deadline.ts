/** The time that a call has. It stands still while the client is asked something: how long people take is not the server's fault. */

/** A deadline that runs. Times in ms, of the clock that it was started with. */
export interface Deadline {
  /** Aborts when the time is over. */
  readonly signal: AbortSignal;
  readonly endsAtMs: () => number;
  /** Time stands still until what it gives is called. Pauses may overlap. */
  readonly pauseTime: () => () => void;
  /** Nobody needs it any more. */
  readonly end: () => void;
}

/** Starts one. */
export function startDeadline(wholeMs: number, nowMs: () => number): Deadline {
  const over = new AbortController();
  let endsAtMs = nowMs() + wholeMs;
  let pauses = 0;
  let pausedAtMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let isEnded = false;
  const run = (): void => {
    if (!isEnded) timer = setTimeout(() => over.abort(), Math.max(0, endsAtMs - nowMs()));
  };
  run();
  return {
    signal: over.signal,
    endsAtMs: () => (pauses === 0 ? endsAtMs : endsAtMs + nowMs() - pausedAtMs),
    pauseTime: () => {
      if (pauses++ === 0) {
        pausedAtMs = nowMs();
        clearTimeout(timer);
      }
      return () => {
        if (--pauses > 0) return;
        endsAtMs += nowMs() - pausedAtMs;
        run();
      };
    },
    end: () => {
      isEnded = true;
      clearTimeout(timer);
    },
  };
}
