/** What an operation is about, read from a parsed JSON-RPC message of a caller: nothing in it is trusted to have its form. Pure. */
import { createHash } from "node:crypto";
import { describeOperation, type JsonObject, type OperationDescription } from "@outrigger/mcp";

/** A message as far as it is told of. `method`: `response` for what answers a request; `name`: of `tools/call`. */
export interface ReadMessage {
  readonly method: string;
  readonly id: string | number | undefined;
  readonly name: string | undefined;
  readonly meta: JsonObject;
}

/** Reads it. */
export function readMessage(message: object): ReadMessage {
  // A message is what JSON.parse made of a JSON object.
  const { method, id, params } = message as JsonObject;
  const { name, _meta: meta } = asObject(params);
  return {
    method: typeof method === "string" ? method : "response",
    id: typeof id === "string" || typeof id === "number" ? id : undefined,
    name: method === "tools/call" && typeof name === "string" ? name : undefined,
    meta: asObject(meta),
  };
}

/** The words of its span. `isKnown`: whether the catalogue, or the endpoint itself, has a tool of this name. */
export function describeMessage(
  { method, id, name, meta }: ReadMessage,
  given: { readonly isKnown: boolean; readonly headers: Readonly<Record<string, unknown>> },
): OperationDescription {
  return describeOperation({
    method,
    id,
    target: name === undefined ? undefined : { name, isKnown: given.isKnown },
    sessionId: nameSession(given.headers["mcp-session-id"]),
    protocolVersion: meta["io.modelcontextprotocol/protocolVersion"] ?? given.headers["mcp-protocol-version"],
  });
}

function asObject(value: unknown): JsonObject {
  // JSON objects have string keys.
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** Whoever has a handle has its session: spans tell sessions apart by a digest. */
function nameSession(handle: unknown): string | undefined {
  return typeof handle === "string" ? createHash("sha256").update(handle).digest("hex").slice(0, 16) : undefined;
}
