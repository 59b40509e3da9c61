/** The messages that the sidecar itself puts on streams of the server: bytes only, decides nothing. */
import { encodeEvent } from "@outrigger/mcp";

/** The lists that a client may be told of. */
export const listKinds = ["tools", "prompts", "resources"] as const;
export type ListKind = (typeof listKinds)[number];

/** The key under which every message of a subscription names it. Source: MCP 2026-07-28, `subscriptions/listen`. */
const subscriptionKey = "io.modelcontextprotocol/subscriptionId";

/** The news that a list has changed. `subscription`: the id of the request that asked for it, as it was spelled. */
export function listChanged(kind: ListKind, subscription: string | undefined): Buffer {
  const params = subscription === undefined ? "" : `,"params":${metaOf(subscription)}`;
  const data = `{"jsonrpc":"2.0","method":"notifications/${kind}/list_changed"${params}}`;
  return encodeEvent({ event: "message", data });
}

/** The result with which a subscription ends that nobody cancelled. Source: MCP 2026-07-28, SubscriptionsListenResult. */
export function listenEnded(subscription: string): Buffer {
  const result = `{"resultType":"complete",${metaOf(subscription).slice(1)}`;
  return encodeEvent({ event: "message", data: `{"jsonrpc":"2.0","id":${subscription},"result":${result}}` });
}

/** `_meta` is an object alone in its own. */
const metaOf = (subscription: string): string => `{"_meta":{"${subscriptionKey}":${subscription}}}`;

/** So soon a client is to come again, elsewhere, in ms. */
const returnMs = 1_000;

/** The end of a stream that its client is to open again: it holds no message. Source: HTML standard, server-sent events. */
export const streamEnds: Buffer = Buffer.from(`retry: ${returnMs}\n: this stream ends in order; open it again\n\n`);
