/** Whether a call that reached no replica waits for one: a sidecar that died is started again within a second or two. Pure. */
import type { SidecarView } from "../catalog/view.ts";

/** How a call waits: for how long after the sidecars were lost, how often it tries, how many calls may wait. Times in ms. */
export interface OutageBounds {
  readonly waitMs: number;
  readonly pauseMs: number;
  readonly maxWaiting: number;
}

/** The bounds of an aggregator. */
export const outageBounds: OutageBounds = { waitMs: 10_000, pauseMs: 200, maxWaiting: 256 };

/**
 * True where a replica may be back soon, since it was heard before and was not lost long ago, or may be there soon, since it was found not long
 * ago: a server that was woken is Ready in Kubernetes a moment before its sidecar was heard. `nowMs` is the wall clock of
 * {@link SidecarView.sinceMs}.
 */
export function mayReturn(replicas: readonly SidecarView[], nowMs: number, waitMs: number): boolean {
  return replicas.some(({ feed, state, reason, sinceMs }) => {
    const isRecent = nowMs - sinceMs < waitMs;
    if (feed?.era === undefined) return state === "Initializing" && isRecent;
    return reason !== "SidecarUnreachable" || isRecent;
  });
}
