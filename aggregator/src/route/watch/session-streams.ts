/**
 * The streams on which legacy servers speak outside of calls: one for each session, opened when the first hears it and closed after the
 * last. Source: MCP 2025-11-25 transports, "Listening for Messages from the Server".
 */
import type { JsonObject } from "@outrigger/mcp";
import type { Dispatcher } from "undici";
import type { DiscoveredSidecar } from "../../discovery/source.ts";
import { exchange } from "../post.ts";
import { readEvents } from "../read-events.ts";
import type { UpstreamSession } from "../sessions.ts";

/** Somebody who hears a session's stream. */
export interface Hearer {
  readonly sidecar: DiscoveredSidecar;
  readonly session: UpstreamSession;
  readonly hear: (message: JsonObject) => void;
}

/** A stream that is heard. `opened`: false where the server has none; `ended` resolves with it. */
export interface HeardStream {
  readonly opened: Promise<boolean>;
  readonly ended: Promise<void>;
  readonly leave: () => void;
}

/** Creates the table. */
export function createSessionStreams(dispatcher: Dispatcher) {
  const streams = new Map<UpstreamSession, Stream>();
  return {
    join: ({ sidecar, session, hear }: Hearer): HeardStream => {
      const stream = streams.get(session) ?? openStream(dispatcher, sidecar, session);
      streams.set(session, stream);
      stream.hearers.add(hear);
      const forget = (): void => {
        if (streams.get(session) === stream) streams.delete(session);
      };
      void stream.ended.then(forget);
      return {
        opened: stream.opened,
        ended: stream.ended,
        leave: () => {
          stream.hearers.delete(hear);
          if (stream.hearers.size > 0) return;
          forget();
          stream.ending.abort();
        },
      };
    },
  };
}

interface Stream {
  readonly hearers: Set<(message: JsonObject) => void>;
  readonly ending: AbortController;
  readonly opened: Promise<boolean>;
  readonly ended: Promise<void>;
}

const maxEventBytes = 1024 * 1024;

function openStream(dispatcher: Dispatcher, sidecar: DiscoveredSidecar, session: UpstreamSession): Stream {
  const ending = new AbortController();
  const { signal } = ending;
  const hearers = new Set<(message: JsonObject) => void>();
  const { version } = session.voice;
  const headers = {
    accept: "text/event-stream",
    ...(version === undefined ? {} : { "mcp-protocol-version": version }),
    ...session.headers,
  };
  const opening = exchange({ dispatcher, sidecar, method: "GET", headers, signal }).catch(() => undefined);
  const read = async (): Promise<void> => {
    const posted = await opening;
    if (posted?.ok !== true) return;
    const { statusCode, body } = posted.response;
    if (statusCode !== 200) return body.dump();
    for await (const { data } of readEvents(body, maxEventBytes)) {
      const message = readMessage(data);
      if (message !== undefined) for (const hear of hearers) hear(message);
    }
  };
  return {
    ...{ hearers, ending },
    opened: opening.then((posted) => posted?.ok === true && posted.response.statusCode === 200),
    // However it ends, whoever still wants it opens another.
    ended: read().catch(() => undefined),
  };
}

function readMessage(data: string | undefined): JsonObject | undefined {
  try {
    const value: unknown = data === undefined || data === "" ? undefined : JSON.parse(data);
    return typeof value === "object" && value !== null ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
