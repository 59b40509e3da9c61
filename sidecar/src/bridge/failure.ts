/** Words a link's end, or a bound that is reached, as what a call gets to know. */
import type { UpstreamFailure } from "../upstream/upstream.ts";
import type { LinkEnd } from "./link.ts";

/** The failure of a call whose link has ended. `sent`: the server may have seen it. */
export function failureOf({ kind, message }: LinkEnd, sent: boolean): UpstreamFailure {
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
