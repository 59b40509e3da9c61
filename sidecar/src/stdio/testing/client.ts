/** For tests: raw HTTP requests of both eras against a door, so that a test sees status, headers and every message. */
import { createEventSplitter } from "@outrigger/mcp";

/** A message as it came in. */
export type Message = Readonly<Record<string, unknown>>;

/** A whole answer. */
export interface Reply {
  readonly status: number;
  readonly session: string | null;
  readonly type: string;
  readonly messages: readonly Message[];
}

type Headers = Readonly<Record<string, string>>;

const both = "application/json, text/event-stream";

/** Posts any value and reads the answer to its end. */
export async function post(url: URL, value: unknown, headers: Headers = {}): Promise<Reply> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: both, ...headers },
    body: typeof value === "string" ? value : JSON.stringify(value),
  });
  const body = Buffer.from(await response.arrayBuffer());
  const type = (response.headers.get("content-type") ?? "").split(";", 1)[0] ?? "";
  return {
    status: response.status,
    session: response.headers.get("mcp-session-id"),
    type,
    messages: type === "text/event-stream" ? readEvents(body) : readJson(body),
  };
}

function readJson(body: Buffer): Message[] {
  if (body.length === 0) return [];
  const value: unknown = JSON.parse(body.toString("utf8"));
  // What a door answers is a message or an array of them.
  return (Array.isArray(value) ? value : [value]) as Message[];
}

function readEvents(body: Buffer): Message[] {
  const { events } = createEventSplitter({ maxEventBytes: 64 * 1024 ** 2 }).push(body);
  return events.flatMap(({ data }) => (data === undefined ? [] : [JSON.parse(data) as Message]));
}

/** A request of the legacy era. */
export function legacy(id: string | number, method: string, params: object = {}): Message {
  return { jsonrpc: "2.0", id, method, params };
}

/** A call of a tool, legacy. */
export function call(id: string | number, name: string, args: object = {}): Message {
  return legacy(id, "tools/call", { name, arguments: args });
}

/** The same request with a progress token. */
export function withToken(message: Message, progressToken: string | number): Message {
  const params = message["params"] as { readonly _meta?: object };
  return { ...message, params: { ...params, _meta: { ...params._meta, progressToken } } };
}

/** The same message with the envelope of the modern era. */
export function modern(message: Message, meta: object = {}): Message {
  const params = message["params"] as { readonly _meta?: object } | undefined;
  const envelope = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return { ...message, params: { ...params, _meta: { ...params?._meta, ...envelope, ...meta } } };
}

/** Opens a legacy session and returns the header that names it. */
export async function openSession(url: URL, headers: Headers = {}): Promise<Headers> {
  const params = {
    protocolVersion: "2025-11-25",
    capabilities: { sampling: {} },
    clientInfo: { name: "t", version: "0" },
  };
  const reply = await post(url, legacy("open", "initialize", params), headers);
  if (reply.session === null) throw new Error(`no session: ${reply.status} ${JSON.stringify(reply.messages)}`);
  const opened = { "mcp-session-id": reply.session, "mcp-protocol-version": "2025-11-25", ...headers };
  await post(url, { jsonrpc: "2.0", method: "notifications/initialized" }, opened);
  return opened;
}

/** The text of the first content block of a tool result. */
export function textOf(reply: Reply): string {
  const last = reply.messages.at(-1);
  const result = last?.["result"] as { readonly content?: readonly { readonly text: string }[] } | undefined;
  return result?.content?.[0]?.text ?? JSON.stringify(last);
}

/** A stream that a test reads message by message. */
export interface OpenStream {
  readonly status: number;
  readonly messages: readonly Message[];
  readonly hasEnded: () => boolean;
  readonly close: () => void;
}

/** Opens a stream by GET, or by POST of a message, and collects what comes. */
export async function openStream(url: URL, headers: Headers, message?: Message): Promise<OpenStream> {
  const leaving = new AbortController();
  const response = await fetch(url, {
    method: message === undefined ? "GET" : "POST",
    headers: {
      accept: message === undefined ? "text/event-stream" : both,
      "content-type": "application/json",
      ...headers,
    },
    body: message === undefined ? null : JSON.stringify(message),
    signal: leaving.signal,
  });
  const messages: Message[] = [];
  let ended = false;
  const splitter = createEventSplitter({ maxEventBytes: 64 * 1024 ** 2 });
  const read = async (): Promise<void> => {
    for await (const chunk of response.body ?? []) {
      for (const { data } of splitter.push(chunk as Uint8Array).events) {
        if (data !== undefined) messages.push(JSON.parse(data) as Message);
      }
    }
  };
  void read()
    .catch(() => undefined)
    .finally(() => (ended = true));
  return { status: response.status, messages, hasEnded: () => ended, close: () => leaving.abort() };
}
