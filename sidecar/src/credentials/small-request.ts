/** One request to an authorization server on a connection of its own, and its whole answer: bounded in size and time, no redirect. */
import type { LookupFunction } from "node:net";
import { findHeader } from "../upstream/headers.ts";
import { createHttpUpstream } from "../upstream/http.ts";
import type { TlsFiles } from "../upstream/http1/connection.ts";
import type { TokenReply } from "./token-answer.ts";

/** What is asked. `headers`: flat list; without a body it is a GET. */
export interface SmallRequest {
  readonly url: URL;
  readonly headers: readonly string[];
  readonly body?: string;
  readonly lookup: LookupFunction;
  readonly tls: (() => TlsFiles) | undefined;
}

/** The answer, or in words why there is none. */
export type SmallReply = ({ readonly ok: true } & TokenReply) | { readonly ok: false; readonly message: string };

const timeoutMs = 10_000;
const mostBytes = 256 * 1024;

/** Asks once; never rejects. */
export async function askSmall({ url, headers, body, lookup, tls }: SmallRequest): Promise<SmallReply> {
  const way = { lookup, ...(tls === undefined ? {} : { tls }) };
  const upstream = createHttpUpstream(url.origin, { maxCalls: 1, maxStreams: 1 }, way);
  const { promise, resolve } = Promise.withResolvers<SmallReply>();
  const fail = (message: string): void => resolve({ ok: false, message });
  const timer = setTimeout(() => fail(`no answer within ${timeoutMs / 1_000} s`), timeoutMs);
  let status = 0;
  let retryAfter: string | undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  upstream.send(
    {
      method: body === undefined ? "GET" : "POST",
      path: url.pathname + url.search,
      headers: [...headers, "accept-encoding", "identity"],
      caller: "",
      ...(body === undefined ? {} : { body: Buffer.from(body, "utf8") }),
    },
    {
      onHead: (code, answered) => {
        status = code;
        retryAfter = findHeader(answered, "retry-after");
      },
      onData: (chunk) => {
        bytes += chunk.length;
        if (bytes > mostBytes) fail(`an answer of more than ${mostBytes} bytes`);
        else chunks.push(Buffer.from(chunk));
        return true;
      },
      onEnd: () => resolve({ ok: true, status, body: Buffer.concat(chunks).toString("utf8"), retryAfter }),
      onFailure: ({ message }) => fail(message),
    },
  );
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    await upstream.close();
  }
}
