/** Words a child's end, or a bound that is reached, as what a call gets to know. */
import type { UpstreamFailure } from "../upstream/upstream.ts";
import type { ChildEnd } from "./process/child.ts";

/** The failure of a call whose child has ended. */
export function failureOf(end: ChildEnd, sent: boolean): UpstreamFailure {
  return end.kind === "NotStarted"
    ? { reason: "UpstreamUnavailable", message: end.message, sent: false }
    : { reason: "UpstreamBroken", message: end.message, sent };
}

/** The failure of a call that does not fit any more. */
export function overload(message: string): UpstreamFailure {
  return { reason: "FloodLimited", message, sent: false };
}
