/** What can go wrong with one request to the API server, as a value; decides which failures ask for a fresh list. */

import { explainConnectionError } from "@outrigger/runtime/connection-failure";

/**
 * `notFound` 404; `alreadyExists` 409 on create; `conflict` 409 otherwise: read again; `forbidden` 403; `invalid` 422, also a
 * failed `test` of a JSON patch; `expired` 410: the resource version is too old, list again; `refused`: any other status;
 * `unreachable`: no answer.
 */
export type ApiFailureKind =
  "notFound" | "alreadyExists" | "conflict" | "forbidden" | "invalid" | "expired" | "refused" | "unreachable";

/** One failed request. `retryAfterMs`: what the server asked for, ms. */
export interface ApiFailure {
  readonly kind: ApiFailureKind;
  readonly message: string;
  readonly status?: number;
  readonly retryAfterMs?: number;
}

const maxErrorBytes = 16 * 1024;

/** An answer as far as a failure is read from it. */
interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: { readonly text: () => Promise<string> };
}

/** Reads an answer that is no success. */
export async function readAnswerFailure({ statusCode, headers, body }: Answer): Promise<ApiFailure> {
  const text = (await body.text()).slice(0, maxErrorBytes);
  const wait = headers["retry-after"];
  return readFailure(statusCode, text, typeof wait === "string" ? wait : undefined);
}

/** Reads the parts of an answer that is no success. `retryAfter` is the header: seconds or absent. */
export function readFailure(status: number, body: string, retryAfter: string | undefined): ApiFailure {
  const seconds = Number(retryAfter ?? Number.NaN);
  const { message: sentence, reason } = readStatusObject(body);
  const message = `the API server answered ${status}${sentence === "" ? "" : `: ${sentence.slice(0, 300)}`}`;
  const wait = Number.isFinite(seconds) && seconds >= 0 ? { retryAfterMs: seconds * 1_000 } : {};
  return { kind: toKind(status, reason), message, status, ...wait };
}

const kinds: Readonly<Record<number, ApiFailureKind>> = {
  403: "forbidden",
  404: "notFound",
  409: "conflict",
  410: "expired",
  422: "invalid",
};

function toKind(status: number, reason: string): ApiFailureKind {
  return status === 409 && reason === "AlreadyExists" ? "alreadyExists" : (kinds[status] ?? "refused");
}

/** Turns whatever a request threw into a failure. What the way to the API server threw names address and setting already. */
export function toFailure(error: unknown): ApiFailure {
  const isNamed = error instanceof Error && !("code" in error);
  return { kind: "unreachable", message: isNamed ? error.message : explainConnectionError(error) };
}

/** Sentence and reason of a Kubernetes Status object; empty where the body is none. */
function readStatusObject(body: string): { readonly message: string; readonly reason: string } {
  try {
    // Raw JSON; both members are looked at below.
    const { message, reason } = (JSON.parse(body) ?? {}) as { message?: unknown; reason?: unknown };
    return {
      message: typeof message === "string" ? message : "",
      reason: typeof reason === "string" ? reason : "",
    };
  } catch {
    // Proxies answer with HTML; the status alone says enough.
    return { message: "", reason: "" };
  }
}
