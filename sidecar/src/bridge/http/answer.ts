/**
 * The answer to one POST that holds requests: `application/json` where the response comes first, else an event stream.
 * Before: session.ts and shared-child.ts, which decide which message belongs here. Next: outlet.ts.
 */
import { encodeEvent } from "@outrigger/mcp";
import type { WholeAnswer } from "../link.ts";
import type { Acceptance } from "./accept.ts";
import type { Outlet } from "./outlet.ts";

/** Headers of every event stream. Source: MCP 2026-07-28 Streamable HTTP (no buffering by intermediaries). */
export const eventStreamHeaders: readonly string[] = [
  "content-type",
  "text/event-stream",
  "cache-control",
  "no-cache",
  "x-accel-buffering",
  "no",
];

/** A comment that keeps a quiet stream open through intermediaries. */
export const keepAlive = Buffer.from(": keep-alive\n\n");

/** A response as it goes out. `headers` and `status` count where it is the head of the answer too. */
export interface Response {
  readonly bytes: Buffer;
  readonly status?: number;
  readonly headers?: readonly string[];
}

/** An answer under way. */
export interface Answer {
  readonly outlet: Outlet;
  /** Sends a message that is no response; false where the reader takes none. */
  readonly event: (message: Buffer) => boolean;
  /** Takes a response; after the last one that is awaited the answer ends. */
  readonly respond: (response: Response) => void;
  /** Passes on the HTTP answer by which the server refused the message; false where something was said before. */
  readonly refuse: (refused: WholeAnswer) => boolean;
  /** Writes a comment where the answer is a stream. */
  readonly keepAlive: () => void;
}

/** Creates an answer that awaits `awaited` responses; `isBatch` makes JSON an array. Source: MCP 2025-03-26, batching. */
export function createAnswer(
  outlet: Outlet,
  form: { readonly accepts: Acceptance; readonly awaited: number; readonly isBatch: boolean },
): Answer {
  const { accepts, isBatch } = form;
  const collected: Buffer[] = [];
  let left = form.awaited;
  let isStream = false;

  const openStream = (response?: Response): void => {
    if (isStream) return;
    isStream = true;
    outlet.head(response?.status ?? 200, [...eventStreamHeaders, ...(response?.headers ?? [])]);
    for (const message of collected.splice(0))
      outlet.data(encodeEvent({ event: "message", data: message.toString("utf8") }));
  };
  const finishJson = (response: Response): void => {
    const parts = collected.flatMap((message, index) => [Buffer.from(index === 0 ? "[" : ","), message]);
    const body = isBatch ? Buffer.concat([...parts, Buffer.from("]")]) : response.bytes;
    const headers = ["content-type", "application/json", "content-length", String(body.length)];
    outlet.head(isBatch ? 200 : (response.status ?? 200), [...headers, ...(response.headers ?? [])]);
    outlet.data(body);
  };

  return {
    outlet,
    event(message) {
      if (!outlet.isOpen() || !accepts.events) return false;
      openStream();
      outlet.data(encodeEvent({ event: "message", data: message.toString("utf8") }));
      return true;
    },
    respond(response) {
      left--;
      if (!accepts.json) openStream(response);
      if (isStream) outlet.data(encodeEvent({ event: "message", data: response.bytes.toString("utf8") }));
      else collected.push(response.bytes);
      if (left > 0) return;
      if (!isStream) finishJson(response);
      outlet.end();
    },
    refuse({ status, headers, body }) {
      if (isBatch || isStream) return false;
      outlet.head(status, [...headers, "content-length", String(body.length)]);
      if (body.length > 0) outlet.data(body);
      outlet.end();
      return true;
    },
    keepAlive() {
      if (isStream) outlet.data(keepAlive);
    },
  };
}
