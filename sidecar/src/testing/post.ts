/** For tests: a server of JSON-RPC answers, and requests to a sidecar in front of it. */
import type { IncomingMessage, RequestListener } from "node:http";

/** A JSON-RPC message with whatever members. */
export interface Message {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** A server that answers each request with what `answer` gives, and notes the messages that clients of the test sent. */
export function serveAnswers(answer: (message: Message) => object | Promise<object>): {
  readonly handler: RequestListener;
  readonly arrived: Message[];
  readonly headers: IncomingMessage["headers"][];
} {
  const arrived: Message[] = [];
  const headers: IncomingMessage["headers"][] = [];
  return {
    arrived,
    headers,
    handler: (request, response) => {
      void readMessage(request).then(async (message) => {
        // The sidecar asks for its own sake too; that is no part of what tests look at.
        if (message === undefined || request.headers["x-test"] === undefined) {
          response.writeHead(404).end();
          return;
        }
        arrived.push(message);
        headers.push(request.headers);
        const body = { jsonrpc: "2.0", id: message.id, ...(await answer(message)) };
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
      });
    },
  };
}

async function readMessage(request: IncomingMessage): Promise<Message | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  // What the tests send is JSON-RPC by construction.
  return text === "" ? undefined : (JSON.parse(text) as Message);
}

/** What came back. */
export interface Posted {
  readonly status: number;
  readonly headers: Headers;
  readonly message: Message;
}

/** Posts one request and reads its JSON answer. */
export function post(url: string, message: Message, headers: Readonly<Record<string, string>> = {}): Promise<Posted> {
  return postUntil(url, message, { headers });
}

/** The same, until the client leaves. */
export async function postUntil(
  url: string,
  message: Message,
  { signal, headers }: { readonly signal?: AbortSignal; readonly headers: Readonly<Record<string, string>> },
): Promise<Posted> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "x-test": "1",
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...message }),
    ...(signal === undefined ? {} : { signal }),
  });
  // Every answer of the sidecar to a request is one JSON-RPC message.
  return { status: response.status, headers: response.headers, message: (await response.json()) as Message };
}

/** A tool call. */
export const callOf = (name: string, more: object = {}): Message => ({
  method: "tools/call",
  params: { name, arguments: {}, ...more },
});
