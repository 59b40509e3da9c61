/** Names and attributes of the spans of a call by the MCP semantic conventions of OpenTelemetry (status: Development). Pure. */
import type { Decided, Judged } from "../../call/exchange.ts";
import { withoutSecrets } from "../audit/audit-line.ts";

export type SpanAttributes = Record<string, string | number | boolean>;

/** What a span is called and what is known at its start. */
export interface SpanDescription {
  readonly name: string;
  readonly attributes: SpanAttributes;
}

/** The longest text of a caller that an attribute holds, in characters. */
const maxLength = 256;

/**
 * Describes the span of an exchange with one message; a batch is one span without a target.
 * A name stands in the span's name only where it is one of few: a tool of the catalogue, a prompt that the server was asked for.
 */
export function describeSpan(exchange: Decided, isKnownTool: (name: string) => boolean): SpanDescription {
  const [judged] = [...exchange.allowed, ...exchange.refused];
  const common = describeConnection(exchange);
  if (exchange.form === "batch" || judged === undefined) {
    return { name: "batch", attributes: { ...common, "mcp.method.name": "batch" } };
  }
  const method = judged.item.message.method ?? "response";
  const target = findTarget(method, judged, isKnownTool);
  return {
    name: target.inName === undefined ? shorten(method) : `${shorten(method)} ${target.inName}`,
    attributes: {
      "mcp.method.name": shorten(method),
      ...describeId(judged),
      ...target.attributes,
      ...common,
      ...versionOf(exchange, judged),
    },
  };
}

function describeConnection({ received }: Decided): SpanAttributes {
  const session = received.headers["mcp-session-id"];
  return {
    "network.protocol.name": "http",
    ...(typeof session === "string" ? { "mcp.session.id": shorten(session) } : {}),
  };
}

function describeId({ item }: Judged): SpanAttributes {
  const { id } = item.message;
  return id === undefined || id === null ? {} : { "jsonrpc.request.id": shorten(String(id)) };
}

function versionOf({ received }: Decided, { item }: Judged): SpanAttributes {
  const header = received.headers["mcp-protocol-version"];
  const version = item.message.claimedVersion ?? (typeof header === "string" ? header : undefined);
  return version === undefined ? {} : { "mcp.protocol.version": shorten(version) };
}

interface Target {
  readonly inName?: string;
  readonly attributes: SpanAttributes;
}

function findTarget(method: string, { item, decision }: Judged, isKnownTool: (name: string) => boolean): Target {
  const { name, uri } = item.message;
  if (method === "tools/call") {
    const attributes = { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": shorten(name ?? "") };
    return name !== undefined && isKnownTool(name) ? { inName: name, attributes } : { attributes };
  }
  if (method === "prompts/get") {
    const attributes = { "gen_ai.prompt.name": shorten(name ?? "") };
    return name !== undefined && decision.action === "forward" ? { inName: shorten(name), attributes } : { attributes };
  }
  return uri === undefined ? { attributes: {} } : { attributes: { "mcp.resource.uri": shorten(withoutSecrets(uri)) } };
}

const shorten = (text: string): string => (text.length <= maxLength ? text : text.slice(0, maxLength));
