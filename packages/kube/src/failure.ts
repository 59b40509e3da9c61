/** What can go wrong with one request to the API server, as a value; decides which failures ask for a fresh list. */

/** `expired`: the resource version is too old (410), list again. `retryAfterMs`: what the server asked for, ms. */
export interface ApiFailure {
  readonly kind: "expired" | "refused" | "unreachable";
  readonly message: string;
  readonly status?: number;
  readonly retryAfterMs?: number;
}

/** Reads an answer that is not 200. `retryAfter` is the header: seconds or absent. */
export function readFailure(status: number, body: string, retryAfter: string | undefined): ApiFailure {
  const seconds = Number(retryAfter ?? Number.NaN);
  const message = `the API server answered ${status}${describeStatusObject(body)}`;
  const wait = Number.isFinite(seconds) && seconds >= 0 ? { retryAfterMs: seconds * 1_000 } : {};
  return { kind: status === 410 ? "expired" : "refused", message, status, ...wait };
}

/** Turns whatever a request threw into a failure. */
export function toFailure(error: unknown): ApiFailure {
  const cause = error instanceof Error ? error : new Error(String(error));
  const code = "code" in cause && typeof cause.code === "string" ? ` (${cause.code})` : "";
  return { kind: "unreachable", message: `${cause.message}${code}` };
}

/** The sentence of a Kubernetes Status object, where the body is one; never more than 300 characters of it. */
function describeStatusObject(body: string): string {
  try {
    const value: unknown = JSON.parse(body);
    const message = typeof value === "object" && value !== null && "message" in value ? value.message : undefined;
    return typeof message === "string" && message !== "" ? `: ${message.slice(0, 300)}` : "";
  } catch {
    // Proxies answer with HTML; the status alone says enough.
    return "";
  }
}
