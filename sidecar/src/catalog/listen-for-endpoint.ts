/**
 * Asks a server for its event stream and leaves at the first event: `endpoint` shows that it speaks the older HTTP+SSE transport.
 * Step of the ladder that connect.ts climbs. Source: MCP 2025-11-25 transports, "Backwards Compatibility".
 */
import { createEventSplitter, type LadderOutcome } from "@outrigger/mcp";
import { isEventStream } from "../upstream/headers.ts";
import type { UpstreamCall } from "../upstream/upstream.ts";
import { buildBodiless, type ServerAccess } from "./ask.ts";

/** The first event is a line or two. */
const maxFirstEventBytes = 65_536;

/** Settles with what the stream shows; never rejects. */
export function listenForEndpoint(access: ServerAccess): Promise<LadderOutcome> {
  return new Promise((settle) => {
    const splitter = createEventSplitter({ maxEventBytes: maxFirstEventBytes });
    const asked: { call?: UpstreamCall } = {};
    const finish = (outcome: LadderOutcome): void => {
      clearTimeout(timer);
      settle(outcome);
      // Later, since it may come within `send`.
      queueMicrotask(() => asked.call?.abort());
    };
    const other: LadderOutcome = { type: "silence", reason: "the server's stream does not begin with an endpoint" };
    const timer = setTimeout(() => finish(other), access.timeoutMs);
    asked.call = access.upstream.send(buildBodiless(access, "GET", {}), {
      onHead(status, headers) {
        if (status !== 200 || !isEventStream(headers)) finish({ type: "status", status });
      },
      onData(chunk) {
        const { events, overflow } = splitter.push(chunk);
        const first = events.find(({ comment }) => !comment);
        if (first !== undefined) finish(first.event === "endpoint" ? { type: "endpoint" } : other);
        else if (overflow) finish(other);
        return true;
      },
      onEnd: () => finish(other),
      onFailure: ({ message }) => finish({ type: "silence", reason: message }),
    });
  });
}
