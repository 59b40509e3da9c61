/**
 * One exchange of the modern era on Node's request and response: the SDK decides status, headers and what is streamed; an answer that is one
 * JSON document is written here at once, from ready-made bytes where there are some, instead of through web streams.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AuthInfo, JSONRPCResultResponse, McpHttpHandler } from "@modelcontextprotocol/server";
import { refuseFor, sendError } from "./respond.ts";

/** Where a server leaves its answer: the one of the exchange, which nothing was streamed before. */
export interface AnswerHolder {
  answer?: JSONRPCResultResponse;
  /** Those that it was sent with; absent until it was. */
  headers?: Readonly<Record<string, string>>;
}

/** What is served. `value`: the body, as it was read. */
interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly value: unknown;
  readonly authInfo: AuthInfo;
  readonly holder: AnswerHolder;
}

/** What it is served with. `bytesOf`: ready-made JSON of the tools in a result; undefined where there is none. */
interface ExchangeParts {
  readonly fetch: McpHttpHandler["fetch"];
  readonly bytesOf: (tools: unknown) => Uint8Array | undefined;
  readonly onError: (error: unknown) => void;
}

/** Serves it to its end. Never rejects. */
export async function serveExchange(parts: ExchangeParts, exchange: Exchange): Promise<void> {
  const { req, res, value, authInfo, holder } = exchange;
  const left = new AbortController();
  let hasEnded = false;
  res.once("close", () => {
    if (!hasEnded) left.abort();
  });
  if (res.destroyed) left.abort();
  try {
    const response = await parts.fetch(toWebRequest(req, left.signal), { authInfo, parsedBody: value });
    const headers = Object.fromEntries(response.headers);
    if (holder.answer !== undefined && response.status === 200) {
      sendAnswer(res, { answer: holder.answer, headers }, parts.bytesOf);
      holder.headers = headers;
    } else {
      res.writeHead(response.status, headers);
      if (response.body !== null) await pour(response.body, res, left.signal);
    }
  } catch (error) {
    parts.onError(error);
    if (res.headersSent) res.destroy();
    else sendError(res, { ...refuseFor("Internal"), idBytes: readId(value) });
  }
  hasEnded = true;
  res.end();
}

/** Sends an answer that is one JSON document, whole. */
export function sendAnswer(
  res: ServerResponse,
  { answer, headers }: { readonly answer: JSONRPCResultResponse; readonly headers: Readonly<Record<string, string>> },
  bytesOf: ExchangeParts["bytesOf"],
): void {
  const { head, ready, tail } = writeAnswer(answer, bytesOf);
  const length = head.length + ready.length + tail.length;
  res.writeHead(200, { ...headers, "content-length": length });
  if (ready.length > 0) {
    // They leave together with the head of the response.
    res.cork();
    res.write(head);
    res.write(ready);
    res.end(tail);
  } else res.end(head);
}

/** The bytes of an answer, in three parts of which the last two may be empty. Cost: what is not ready-made; what is is not copied. */
export function writeAnswer(
  { id, result }: JSONRPCResultResponse,
  bytesOf: ExchangeParts["bytesOf"],
): Readonly<Record<"head" | "ready" | "tail", Uint8Array>> {
  const { tools, ...rest } = result;
  const ready = bytesOf(tools);
  const start = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`;
  if (ready === undefined) return { head: Buffer.from(`${start}${JSON.stringify(result)}}`), ready: none, tail: none };
  const others = JSON.stringify(rest);
  const end = others === "{}" ? "}}" : `,${others.slice(1)}}`;
  return { head: Buffer.from(`${start}{"tools":`), ready, tail: Buffer.from(end) };
}

const none = new Uint8Array();

/** The request without its body, which was read already. */
function toWebRequest({ url = "/", headers }: IncomingMessage, signal: AbortSignal): Request {
  const given = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const each of Array.isArray(value) ? value : [value]) if (each !== undefined) given.append(name, each);
  }
  return new Request(`http://${headers.host ?? "localhost"}${url}`, { method: "POST", headers: given, signal });
}

/** Writes a stream as it comes, no faster than it is read. */
async function pour(body: ReadableStream<Uint8Array>, res: ServerResponse, left: AbortSignal): Promise<void> {
  for await (const chunk of body) {
    if (left.aborted) return;
    if (!res.write(chunk)) await untilDrained(res, left);
  }
}

function untilDrained(res: ServerResponse, left: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      res.off("drain", done);
      left.removeEventListener("abort", done);
      resolve();
    };
    res.once("drain", done);
    left.addEventListener("abort", done, { once: true });
    if (left.aborted) done();
  });
}

function readId(value: unknown): Uint8Array | undefined {
  const id = typeof value === "object" && value !== null && "id" in value ? value.id : undefined;
  return typeof id === "string" || typeof id === "number" ? Buffer.from(JSON.stringify(id)) : undefined;
}
