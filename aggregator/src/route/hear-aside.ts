/**
 * What a legacy server asks outside of its answer, on the stream of the session: many servers ask there in the middle of a call. Decides whether that
 * stream is opened, and which of the session's calls is asked: the one that began last. Only a session of one caller is listened to, since
 * nobody could tell whom a question in a common one is for.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { JsonObject } from "@outrigger/mcp";
import type { DiscoveredSidecar } from "../discovery/source.ts";
import { askingMethods } from "./request.ts";
import type { UpstreamSession } from "./sessions.ts";
import type { UpstreamCall } from "./upstream-call.ts";
import type { createSessionStreams } from "./watch/session-streams.ts";

/** The session that a call is made in. */
export interface AsideOf {
  readonly sidecar: DiscoveredSidecar;
  readonly session: UpstreamSession;
  readonly streams: ReturnType<typeof createSessionStreams>;
}

/** Longest wait in ms for the stream before the call is made all the same. */
const openMs = 1_000;

/** Listens from now on; gives what ends that. Rejects when the call's signal aborts. */
export async function hearAside(
  { sidecar, session, streams }: AsideOf,
  { voice, capabilities, caller, signal }: Pick<UpstreamCall, "voice" | "capabilities" | "caller" | "signal">,
  hear: (request: JsonObject) => void,
): Promise<() => void> {
  const mayAsk = [...askingMethods.values()].some((capability) => capabilities[capability] !== undefined);
  if (!mayAsk || voice.ask === undefined || caller === "" || session.headers["mcp-session-id"] === undefined) {
    return () => undefined;
  }
  const stream = streams.join({
    ...{ sidecar, session },
    hear: (message) => {
      if (session.askable.at(-1) === hear && message["id"] !== undefined && message["method"] !== undefined)
        hear(message);
    },
  });
  session.askable.push(hear);
  const leave = (): void => {
    session.askable.splice(session.askable.lastIndexOf(hear), 1);
    stream.leave();
  };
  const waited = new AbortController();
  const late = pause(openMs, undefined, { signal: AbortSignal.any([signal, waited.signal]) }).catch(() => undefined);
  await Promise.race([stream.opened, late]);
  waited.abort();
  if (!signal.aborted) return leave;
  leave();
  throw signal.reason;
}
