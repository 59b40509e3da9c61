/**
 * Keeps one stream open on which the server says that its lists have changed: GET in a legacy session, `subscriptions/listen`
 * in the modern era. It decides whether there is such a stream; when to list again is decided in catalogue.ts.
 */
import { buildRequest, createAnswerReader, type AnswerEvent, type JsonObject } from "@outrigger/mcp";
import { findHeader } from "../upstream/headers.ts";
import type { UpstreamRequest } from "../upstream/upstream.ts";
import { refuseServerRequests } from "./answer-server.ts";
import { buildBodiless, buildPost } from "./ask.ts";
import type { Connection } from "./connect.ts";

/** An open or opening stream. */
export interface Watch {
  readonly isOpen: () => boolean;
  readonly close: () => void;
}

/** Who hears of the stream. `onEnd` comes once unless the watch was closed; `isRefused`: the server has no such stream. */
export interface WatchListener {
  readonly onChange: () => void;
  readonly onEnd: (end: { readonly isRefused: boolean }) => void;
}

const changes: ReadonlySet<unknown> = new Set([
  "notifications/tools/list_changed",
  "notifications/prompts/list_changed",
  "notifications/resources/list_changed",
]);

const watchId = "outrigger-watch";

/** Says whether the server promises to tell of changes, on a connection that can carry it. */
export function canWatch(connection: Connection): boolean {
  const isReachable = connection.era === "modern" || connection.sessionId !== undefined;
  return isReachable && Object.values(listenTo(connection.capabilities)).includes(true);
}

/** Opens the stream. */
export function openWatch(connection: Connection, listener: WatchListener): Watch {
  let isOpen = false;
  let isOver = false;
  let reader: ReturnType<typeof createAnswerReader> | undefined;
  const answerServer = refuseServerRequests(connection);
  const end = (isRefused: boolean): void => {
    if (isOver) return;
    isOver = true;
    isOpen = false;
    call.abort();
    listener.onEnd({ isRefused });
  };
  const take = (events: readonly AnswerEvent[]): void => {
    for (const event of events) {
      if (event.type !== "message") {
        end(event.type === "error");
        return;
      }
      answerServer(event.message);
      if (changes.has(event.message["method"])) listener.onChange();
    }
  };
  const call = connection.access.upstream.send(buildWatch(connection), {
    onHead(status, headers) {
      if (status >= 300) {
        // 404 is the end of a session, not the lack of streams; what else is refused will be refused again.
        queueMicrotask(() => end(status >= 400 && status < 500 && status !== 404));
        return;
      }
      isOpen = true;
      const { maxBytes } = connection.access;
      reader = createAnswerReader({ id: watchId, contentType: findHeader(headers, "content-type"), maxBytes });
    },
    onData(chunk) {
      take(reader?.push(chunk) ?? []);
      return true;
    },
    onEnd: () => end(false),
    onFailure: () => end(false),
  });
  return {
    isOpen: () => isOpen,
    close() {
      if (isOver) return;
      isOver = true;
      isOpen = false;
      call.abort();
    },
  };
}

function buildWatch(connection: Connection): UpstreamRequest {
  const { access, era, capabilities, sessionId, version, voice } = connection;
  if (era === "legacy") return buildBodiless(access, "GET", { sessionId, version });
  const params = { notifications: listenTo(capabilities) };
  const message = buildRequest(voice, { id: watchId, method: "subscriptions/listen", params });
  return buildPost(access, { message, id: watchId });
}

/** What to listen to: exactly what the server's capabilities promise. Source: MCP 2026-07-28 "Subscriptions". */
function listenTo(capabilities: JsonObject): Readonly<Record<string, boolean>> {
  const promised = (capability: string): boolean => {
    const value = capabilities[capability];
    return typeof value === "object" && value !== null && "listChanged" in value && value.listChanged === true;
  };
  return Object.fromEntries(
    ["tools", "prompts", "resources"].flatMap((capability) =>
      promised(capability) ? [[`${capability}ListChanged`, true]] : [],
    ),
  );
}
