/**
 * One HTTP exchange with a sidecar's data port. Says whether a request that failed can have reached it, because only one that
 * can't have may be sent again. No retry, no redirect, no timer of its own.
 */
import type { OutgoingMessage } from "@outrigger/mcp";
import { request, type Dispatcher } from "undici";
import type { DiscoveredSidecar } from "../discovery/source.ts";

/** The response, or why there is none; `isUnsent`: the request can't have reached the sidecar. */
export type Posted =
  | { readonly ok: true; readonly response: Dispatcher.ResponseData }
  | { readonly ok: false; readonly isUnsent: boolean; readonly detail: string };

/** What is sent: by POST with `message`, else by `method` without a body. */
export interface Exchange {
  readonly dispatcher: Dispatcher;
  readonly sidecar: Pick<DiscoveredSidecar, "dataUrl" | "headers">;
  readonly message?: OutgoingMessage;
  readonly method?: "GET" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Errors of undici and of the system that come before the first byte is written. */
const beforeSending = [
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
];

/** Sends and waits for the head of the response. Never rejects, except that an aborted signal rejects with its reason. */
export async function exchange({ dispatcher, sidecar, message, method, headers, signal }: Exchange): Promise<Posted> {
  try {
    const response = await request(sidecar.dataUrl, {
      dispatcher,
      method: message === undefined ? (method ?? "GET") : "POST",
      // Ours come last: configured headers add, they never replace what the protocol needs.
      headers: { ...lowerCase(sidecar.headers), ...message?.headers, ...headers },
      ...(message === undefined ? {} : { body: message.body }),
      signal,
    });
    return { ok: true, response };
  } catch (error) {
    signal.throwIfAborted();
    const code = readCode(error);
    const detail = code ?? (error instanceof Error ? error.message : String(error));
    return { ok: false, isUnsent: code !== undefined && beforeSending.includes(code), detail };
  }
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function readCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  // Several addresses of one name give an AggregateError without a code of its own.
  if (error instanceof AggregateError) return readCode(error.errors[0]);
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}
