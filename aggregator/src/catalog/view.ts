/** How one sidecar is seen at this moment: what it said last, whether it answers, and what calls it needs to know. Pure data. */
import type { FeedState, HealthState } from "@outrigger/api/feed";
import type { Reason } from "@outrigger/api/reasons";
import type { DiscoveredSidecar } from "../discovery/source.ts";

/** One sidecar. `sinceMs` is the wall clock (Unix epoch, ms) of the last change of `state` or `reason`. */
export interface SidecarView {
  readonly sidecar: DiscoveredSidecar;
  readonly state: HealthState;
  readonly reason: Reason;
  readonly message: string;
  readonly sinceMs: number;
  /** The last state that was heard, also where the sidecar does not answer any more. */
  readonly feed?: FeedState;
  /** True once the server was listed, or is known to be Degraded or Dead: waiting longer tells nothing new. */
  readonly isSettled: boolean;
  /** Why the catalogue that the sidecar announces could not be read; undefined where it could. */
  readonly fetchFailure: string | undefined;
}

/** A sidecar that was found and not heard yet. */
export function createView(sidecar: DiscoveredSidecar, nowMs: number): SidecarView {
  return {
    sidecar,
    state: "Initializing",
    reason: "Starting",
    message: "The sidecar was found and has not answered yet.",
    sinceMs: nowMs,
    isSettled: false,
    fetchFailure: undefined,
  };
}

/** The view after the sidecar said how it is. */
export function hearState(view: SidecarView, feed: FeedState, nowMs: number): SidecarView {
  const { state, reason, message } = feed.health;
  const hasChanged = view.state !== state || view.reason !== reason;
  const isSettled = view.isSettled || state === "Degraded" || state === "Dead";
  return { ...view, feed, state, reason, message, sinceMs: hasChanged ? nowMs : view.sinceMs, isSettled };
}

/** The view after the sidecar could not be reached. */
export function loseSidecar(view: SidecarView, message: string, nowMs: number): SidecarView {
  const hasChanged = view.reason !== "SidecarUnreachable";
  return {
    ...view,
    state: "Dead",
    reason: "SidecarUnreachable",
    message: `The sidecar can't be reached: ${message}`,
    sinceMs: hasChanged ? nowMs : view.sinceMs,
    isSettled: true,
  };
}
