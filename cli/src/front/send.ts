/**
 * Requests to one endpoint, with answers as streams of bytes. No time limit of its own: calls and streams may last for hours, and whoever
 * asks ends them by a signal. Credentials are asked for anew each time, because tokens are replaced while this runs.
 */
import { Agent as HttpAgent, request as requestHttp, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";

/** One request. */
export interface Asked {
  readonly method: "POST" | "GET" | "DELETE";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly signal: AbortSignal;
}

/** An answer whose body is still to be read: to its end, or left by `discard`. */
export interface Answered {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  readonly discard: () => void;
}

/** Sends. Rejects where no answer comes. */
export type Send = (asked: Asked) => Promise<Answered>;

/** The way to an endpoint. `close` ends every connection. */
export interface Sender {
  readonly send: Send;
  readonly close: () => void;
}

/** Creates the way. `credentials` gives the headers that say who asks; where it rejects, nothing is sent. */
export function createSender(url: string, credentials: () => Promise<Readonly<Record<string, string>>>): Sender {
  const isTls = new URL(url).protocol === "https:";
  const agent = isTls ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const request = isTls ? requestHttps : requestHttp;
  return {
    send: async ({ method, headers, body, signal }) => {
      const own = await credentials();
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      const length = body === undefined ? {} : { "content-length": String(body.length) };
      const sent = request(url, { method, agent, signal, headers: { ...own, ...headers, ...length } });
      sent.on("response", resolve).on("error", reject).end(body);
      return toAnswered(await promise);
    },
    close: () => agent.destroy(),
  };
}

function toAnswered(response: IncomingMessage): Answered {
  // An error while nobody reads must not end the program.
  response.on("error", () => undefined);
  return {
    status: response.statusCode ?? 0,
    header: (name) => {
      const value = response.headers[name];
      return typeof value === "string" ? value : undefined;
    },
    body: response,
    discard: () => void response.destroy(),
  };
}
