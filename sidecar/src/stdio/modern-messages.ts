/** The few messages that a front of modern stdio requests writes itself, and the HTTP status that an answer of the server gets. */
import { rpcCodes } from "@outrigger/api/errors";
import { buildError, buildResult } from "@outrigger/mcp";
import { readScalar } from "../bridge/splice.ts";

/** Where a message of a subscription names its listen request. Source: MCP 2026-07-28 "Subscriptions". */
export const subscriptionIdKey = "io.modelcontextprotocol/subscriptionId";

/** An error is small: in a larger message none is looked for. */
const maxErrorBytes = 65_536;

/** Returns the code of the error in a response; undefined for a result. */
function errorCodeOf(response: Buffer): number | undefined {
  const code = response.length > maxErrorBytes ? undefined : readScalar(response, ["error", "code"]);
  return typeof code === "number" ? code : undefined;
}

const statuses: ReadonlyMap<number, number> = new Map([
  [rpcCodes.methodNotFound, 404],
  [rpcCodes.headerMismatch, 400],
  [rpcCodes.missingCapability, 400],
  [rpcCodes.unsupportedVersion, 400],
]);

/** Returns the HTTP status for a response. Source: MCP 2026-07-28 Streamable HTTP, error statuses. */
export function statusOf(response: Buffer): number {
  return statuses.get(errorCodeOf(response) ?? 0) ?? 200;
}

/** Says whether a response to `server/discover` shows that the server does not speak the modern era. */
export function deniesModernEra(response: Buffer): boolean {
  const code = errorCodeOf(response);
  const isModern = code === rpcCodes.headerMismatch || code === rpcCodes.missingCapability;
  return code !== undefined && !isModern && code !== rpcCodes.unsupportedVersion;
}

/** Tells the server that the reader of a request has gone: on HTTP the end of the stream says so, on stdio a notification. */
export function buildCancellation(id: string | number): Buffer {
  const params = { requestId: id, reason: "the client closed the stream" };
  return Buffer.from(JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params }), "utf8");
}

/** Refuses a request of the server: in the modern era servers ask by results, never by requests. */
export function buildMethodRefusal(idBytes: Buffer): Buffer {
  const message = "requests of the server are not part of this revision";
  return buildError({ idBytes, code: rpcCodes.methodNotFound, message });
}

/** The orderly end of a subscription that the server ended by a cancellation. `idBytes`: the id as its caller spelled it. */
export function buildListenEnd(idBytes: Buffer): Buffer {
  const id: unknown = JSON.parse(idBytes.toString("utf8"));
  return buildResult({ idBytes, result: { resultType: "complete", _meta: { [subscriptionIdKey]: id } } });
}
