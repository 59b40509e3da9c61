/** Which sessions were ended here: their handles still open, and must open nothing. Bounded; pure but for what it holds. */

/** The sessions that were ended. */
export interface Ended {
  /** `untilMs`: when its handle expires by itself. */
  readonly add: (id: string, untilMs: number) => void;
  readonly has: (id: string) => boolean;
}

const defaultMax = 100_000;

/** Creates it, empty. Beyond `max` the oldest are forgotten. */
export function createEnded(nowMs: () => number, max: number = defaultMax): Ended {
  const ended = new Map<string, number>();
  return {
    add: (id, untilMs) => {
      ended.set(id, untilMs);
      const now = nowMs();
      for (const [oldest, until] of ended) {
        if (until > now && ended.size <= max) break;
        ended.delete(oldest);
      }
    },
    has: (id) => ended.has(id),
  };
}
