/** Names and attributes of the spans of an exchange, from what was received and decided. Pure; the words are of the conventions. */
import { describeConnection, describeOperation, type OperationDescription } from "@outrigger/mcp";
import { withoutSecrets } from "@outrigger/runtime/audit-text";
import type { Decided, Judged } from "../../call/exchange.ts";

/**
 * Describes the span of an exchange with one message; a batch is one span without a target.
 * A name stands in the span's name only where it is one of few: a tool of the catalogue, a prompt that the server was asked for.
 */
export function describeSpan(exchange: Decided, isKnownTool: (name: string) => boolean): OperationDescription {
  const [judged] = [...exchange.allowed, ...exchange.refused];
  const sessionId = exchange.received.headers["mcp-session-id"];
  if (exchange.form === "batch" || judged === undefined) {
    return { name: "batch", attributes: { "mcp.method.name": "batch", ...describeConnection({ sessionId }) } };
  }
  const { message } = judged.item;
  const { id, uri } = message;
  return describeOperation({
    method: message.method ?? "response",
    id,
    target: findTarget(judged, isKnownTool),
    uri: uri === undefined ? undefined : withoutSecrets(uri),
    sessionId,
    protocolVersion: message.claimedVersion ?? exchange.received.headers["mcp-protocol-version"],
  });
}

function findTarget({ item, decision }: Judged, isKnownTool: (name: string) => boolean) {
  const { method, name } = item.message;
  if (name === undefined) return undefined;
  return { name, isKnown: method === "tools/call" ? isKnownTool(name) : decision.action === "forward" };
}
