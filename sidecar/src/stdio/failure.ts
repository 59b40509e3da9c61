/** Words a child's end, or a bound that is reached, as what a call gets to know. */
import type { UpstreamFailure } from "../upstream/upstream.ts";
import type { ChildEnd } from "./process/child-end.ts";

/** The failure of a call whose child has ended. */
export function failureOf({ kind, message }: ChildEnd, sent: boolean): UpstreamFailure {
  switch (kind) {
    case "NotStarted":
      return { reason: "UpstreamUnavailable", message, sent: false };
    case "Awaited":
      return { reason: "UpstreamStarting", message, sent: false };
    case "Refused":
      return overload(message);
    case "Exited":
    case "Broken":
    case "Stopped":
      return { reason: "UpstreamBroken", message, sent };
  }
}

/** The failure of a call that does not fit any more. */
export function overload(message: string): UpstreamFailure {
  return { reason: "FloodLimited", message, sent: false };
}
