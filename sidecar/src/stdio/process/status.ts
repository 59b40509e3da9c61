/** Says how a stdio server is, from how its processes fared. Starts and ends nothing. */
import type { Reason } from "@outrigger/api/reasons";
import type { BackOff } from "./back-off.ts";
import type { ChildEnd } from "./child-end.ts";

/**
 * How the server is. `Idle`: no child is wanted now; `Starting`: none has answered yet; `Running`; `BackingOff`: children die
 * before they answer; `Closed`. `message` is for who runs the server: it may quote the server's stderr.
 */
export interface StdioStatus {
  readonly state: "Idle" | "Starting" | "Running" | "BackingOff" | "Closed";
  readonly reason: Extract<
    Reason,
    "Starting" | "Serving" | "BackingOff" | "ProcessExited" | "CommandNotFound" | "UpstreamUnavailable"
  >;
  readonly message: string;
  readonly children: number;
}

/** What is known of one era: its pause, whether it serves, and how its last child ended that never answered. */
export interface EraFacts {
  readonly backOff: BackOff;
  readonly hasAnswered: boolean;
  readonly lastEarlyEnd: ChildEnd | undefined;
}

/** Describes the server from what is known of both eras. `hasServed`: whether it ever did. */
export function describeStatus(
  records: readonly EraFacts[],
  facts: { readonly children: number; readonly lastEnd: ChildEnd | undefined; readonly hasServed: boolean },
): StdioStatus {
  const { children } = facts;
  // One era that works is enough: the other one fails by design in a server that does not know it.
  if (records.some(({ hasAnswered }) => hasAnswered)) return describeServing(facts.lastEnd, children);
  for (const { lastEarlyEnd, backOff } of records) {
    if (lastEarlyEnd !== undefined) return describeFailing(lastEarlyEnd, backOff, facts);
  }
  return {
    state: children > 0 ? "Starting" : "Idle",
    reason: "Starting",
    message: "the server has not answered yet",
    children,
  };
}

function describeServing(lastEnd: ChildEnd | undefined, children: number): StdioStatus {
  if (children > 0) return { state: "Running", reason: "Serving", message: "the server answers", children };
  return lastEnd === undefined || lastEnd.kind === "Stopped"
    ? { state: "Idle", reason: "Serving", message: "the server is started when it is needed", children }
    : { state: "Idle", reason: "ProcessExited", message: quote(lastEnd), children };
}

function describeFailing(
  end: ChildEnd,
  { failures }: BackOff,
  { children, hasServed }: { readonly children: number; readonly hasServed: boolean },
): StdioStatus {
  if (end.kind === "Awaited") {
    // A container that was there and is not now has failed; one that never was is on its way.
    const reason = hasServed ? "ProcessExited" : "Starting";
    return { state: "Starting", reason, message: end.message, children };
  }
  const reason = end.isMissing === true ? "CommandNotFound" : failures > 1 ? "BackingOff" : "ProcessExited";
  return { state: "BackingOff", reason, message: quote(end), children };
}

function quote(end: ChildEnd): string {
  return end.lastWords === undefined ? end.message : `${end.message}; it said: ${end.lastWords}`;
}
