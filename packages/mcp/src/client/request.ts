/** Messages of a raw MCP client as bytes, with the headers that each era asks for. Sockets are the caller's. */
import { modernRevision } from "../era/revisions.ts";
import { encodeHeaderValue } from "../era/header-value.ts";
import { findMethod, type Era } from "../methods.ts";

/** Who a client says it is (MCP schema, Implementation). */
export interface ClientInfo {
  readonly name: string;
  readonly version: string;
  readonly title?: string;
}

/** What every message of one connection has in common. `version` is the negotiated revision; absent before negotiation. */
export interface ClientVoice {
  readonly era: Era;
  readonly version?: string;
  readonly clientInfo: ClientInfo;
  readonly clientCapabilities: Readonly<Record<string, unknown>>;
}

/** One message ready to be sent by POST; `headers` have lower-case names and hold content type and accept too. */
export interface OutgoingMessage {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

type Params = Readonly<Record<string, unknown>>;

/** Builds a request. `meta` is merged into `params._meta`; the envelope of a modern request stands above both. */
export function buildRequest(
  voice: ClientVoice,
  request: { readonly id: string | number; readonly method: string; readonly params?: Params; readonly meta?: Params },
): OutgoingMessage {
  const { id, method } = request;
  const params = withMeta(
    request.params,
    voice.era === "modern" ? { ...request.meta, ...envelope(voice) } : request.meta,
  );
  const message = { jsonrpc: "2.0", id, method, ...(params === undefined ? {} : { params }) };
  return { body: Buffer.from(JSON.stringify(message)), headers: headersFor(voice, method, params) };
}

/** Builds a notification. */
export function buildNotification(
  voice: ClientVoice,
  notification: { readonly method: string; readonly params?: Params },
): OutgoingMessage {
  const { method } = notification;
  const params = voice.era === "modern" ? withMeta(notification.params, envelope(voice)) : notification.params;
  const message = { jsonrpc: "2.0", method, ...(params === undefined ? {} : { params }) };
  return { body: Buffer.from(JSON.stringify(message)), headers: headersFor(voice, method, params) };
}

/** The `initialize` request of the legacy era. Source: MCP 2025-11-25 basic/lifecycle. */
export function buildInitialize(
  voice: ClientVoice,
  request: { readonly id: string | number; readonly version: string },
): OutgoingMessage {
  const params = {
    protocolVersion: request.version,
    capabilities: voice.clientCapabilities,
    clientInfo: voice.clientInfo,
  };
  const { clientInfo, clientCapabilities } = voice;
  return buildRequest(
    { era: "legacy", clientInfo, clientCapabilities },
    { id: request.id, method: "initialize", params },
  );
}

/** Envelope of a modern request. Source: MCP 2026-07-28 basic, "_meta". */
function envelope(voice: ClientVoice): Params {
  return {
    "io.modelcontextprotocol/protocolVersion": voice.version ?? modernRevision,
    "io.modelcontextprotocol/clientCapabilities": voice.clientCapabilities,
    "io.modelcontextprotocol/clientInfo": voice.clientInfo,
  };
}

function withMeta(params: Params | undefined, meta: Params | undefined): Params | undefined {
  if (meta === undefined) return params;
  const own = params?.["_meta"];
  return { ...params, _meta: { ...(typeof own === "object" ? own : {}), ...meta } };
}

function headersFor(voice: ClientVoice, method: string, params: Params | undefined): Record<string, string> {
  const headers: Record<string, string> = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
  };
  const version = voice.version ?? (voice.era === "modern" ? modernRevision : undefined);
  if (version !== undefined) headers["mcp-protocol-version"] = version;
  if (voice.era === "legacy") return headers;
  headers["mcp-method"] = method;
  const member = findMethod(method)?.nameHeader;
  const name = member === undefined ? undefined : params?.[member];
  if (typeof name === "string") headers["mcp-name"] = encodeHeaderValue(name);
  return headers;
}
