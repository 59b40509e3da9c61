/** What a caller is told whose call meets a limit: which one, and how long to wait. */
import type { Admission } from "@outrigger/policy";
import { refuseFor, type RefusedCall, type Refusal } from "./refuse.ts";

/** The limit that was met. `retryAfterMs` is absent where only the end of another call helps. */
export type MetLimit = Pick<Extract<Admission, { action: "limit" }>, "reason" | "limit" | "retryAfterMs">;

/** Builds the answer. */
export function refuseLimit(call: RefusedCall, { retryAfterMs, reason, limit }: MetLimit): Refusal {
  const what = call.name === undefined ? "This method" : `"${call.name}"`;
  const text =
    retryAfterMs === undefined
      ? `${what} has too many calls under way (limit "${limit}"). Try again when one has ended.`
      : `${what} is over its rate limit ("${limit}"). Wait ${formatWait(retryAfterMs)} and try again.`;
  return refuseFor(call, { reason, text, limit, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

function formatWait(waitMs: number): string {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  return seconds === 1 ? "1 second" : `${seconds} seconds`;
}
