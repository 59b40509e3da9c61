/** For tests: a client that opens a stream and notes what comes. */
import { request as httpRequest } from "node:http";

/** What came so far. `ended`: in order, or cut off. */
export interface ReadStream {
  readonly status: () => number | undefined;
  readonly text: () => string;
  readonly ended: () => "in order" | "cut" | undefined;
}

/** Opens a stream: by GET, or by POST where there is a body. */
export function readStream(
  port: number,
  { body, headers = {} }: { readonly body?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): ReadStream {
  const came: { status?: number; text: string; ended?: "in order" | "cut" } = { text: "" };
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const outgoing = httpRequest(
    {
      host: "127.0.0.1",
      port,
      path: "/mcp",
      method: body === undefined ? "GET" : "POST",
      headers: { accept: "application/json, text/event-stream", "x-test": "1", ...type, ...headers },
    },
    (answer) => {
      if (answer.statusCode !== undefined) came.status = answer.statusCode;
      answer.setEncoding("utf8").on("data", (chunk: string) => (came.text += chunk));
      answer.on("end", () => (came.ended ??= "in order"));
      answer.on("error", () => (came.ended ??= "cut"));
    },
  );
  outgoing.on("error", () => (came.ended ??= "cut"));
  outgoing.end(body);
  return {
    status: () => came.status,
    text: () => came.text,
    ended: () => came.ended,
  };
}
