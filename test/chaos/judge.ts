/**
 * What one attempt at a call came to. A refusal counts only where a client can tell what it means: a session that is gone (404), or a code of
 * our own with its reason. Everything else that is not the right answer is unclear. Pure.
 */
import { wireErrors } from "@outrigger/api/errors";
import type { RawAnswer } from "../fixtures/mcp-clients.ts";
import type { CallId, CallKind } from "./calls.ts";

/** `broken`: the connection ended without an answer, which a client sees too, but not from us. */
export type Attempt =
  | { readonly kind: "right" }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "broken"; readonly why: string }
  | { readonly kind: "unclear"; readonly why: string };

/** The words for a session that nobody serves any more: the client begins a new one. */
export const sessionGone = "404, the session is gone";

interface Message {
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
  readonly result?: { readonly isError?: boolean; readonly content?: unknown };
}

/** Judges an answer. */
export function judgeAnswer(
  kind: CallKind,
  call: CallId,
  { status, messages }: Pick<RawAnswer, "status" | "messages">,
): Attempt {
  // What a server sends over the wire is only looked at.
  const { error, result } = (messages.at(-1) ?? {}) as Message;
  if (status === 404 && error !== undefined) return { kind: "refused", why: sessionGone };
  if (error !== undefined) return judgeError(status, error);
  if (result === undefined) return { kind: "unclear", why: `HTTP ${status} without an answer` };
  const shown = JSON.stringify(result.content ?? "");
  if (result.isError === true) return { kind: "unclear", why: `a result that is an error: ${shown.slice(0, 120)}` };
  return kind.isRight(shown, call) ? { kind: "right" } : { kind: "unclear", why: "the answer of another call" };
}

const ownCodes: ReadonlySet<number> = new Set(
  Object.values(wireErrors).flatMap(({ jsonRpcCode }) => (jsonRpcCode > 0 ? [jsonRpcCode] : [])),
);

function judgeError(status: number, { code, message, data }: NonNullable<Message["error"]>): Attempt {
  const why = `HTTP ${status}, ${code} ${readReason(data) ?? message}`;
  return ownCodes.has(code) ? { kind: "refused", why } : { kind: "unclear", why };
}

function readReason(data: unknown): string | undefined {
  const { outrigger } = (data ?? {}) as { outrigger?: { reason?: unknown } };
  return typeof outrigger?.reason === "string" ? outrigger.reason : undefined;
}
