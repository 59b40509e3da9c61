/**
 * How long a whole call may take: what is configured, or what its caller has left of its own time where that is less. Counts from the
 * arrival of the request, so that waiting for a place is part of it. Silence of the server is judged apart, by deadlines.ts.
 */
import { timeoutHeader } from "@outrigger/api/caller";
import type { CallDeps } from "./exchange.ts";
import type { Received } from "./received.ts";

/** What is left of a call's whole time, in ms, not below 0; Infinity where nothing bounds it. `maxMs`: what policy allows it. */
export function remainingMs(
  deps: Pick<CallDeps, "callDeadlineMs" | "now">,
  received: Received,
  maxMs = Number.POSITIVE_INFINITY,
): number {
  const wholeMs = Math.min(deps.callDeadlineMs ?? Number.POSITIVE_INFINITY, askedMs(received), maxMs);
  return wholeMs === Number.POSITIVE_INFINITY ? wholeMs : Math.max(0, wholeMs - (deps.now() - received.startedMs));
}

/** Tells the server what is left of a caller's time, where the caller told us. Other requests keep their headers. */
export function passTimeOn(
  headers: readonly string[],
  deps: Pick<CallDeps, "callDeadlineMs" | "now">,
  received: Received,
): readonly string[] {
  if (received.headers[timeoutHeader] === undefined || askedMs(received) === Number.POSITIVE_INFINITY) return headers;
  return [...headers, timeoutHeader, String(Math.floor(remainingMs(deps, received)))];
}

/** What cannot be read as whole milliseconds says nothing. */
function askedMs({ headers }: Received): number {
  const text = headers[timeoutHeader];
  return typeof text === "string" && /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
}
