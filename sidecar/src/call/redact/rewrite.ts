/**
 * Rewrites the server's messages as policy asks: what is named is replaced, an answer to a tool call that is too large is cut. What can't be
 * read is never passed on. Messages are written anew even where nothing was replaced: of a key that stands twice only one was looked at.
 */
import { parseExact, redactMessage, truncateResult, type CompiledPolicy } from "@outrigger/policy";
import type { ControlCounts } from "../inspect/counts.ts";

/** What is done to each JSON text of an answer. */
export interface Rewriter {
  /** The text as it may be passed on; undefined where it may not. Lists of messages are batches. */
  readonly apply: (json: Buffer) => Buffer | undefined;
  /** Bytes of one text that are read: more than may be passed on, where it can be cut. */
  readonly maxReadBytes: number;
  /** Whether texts are held for it at the time of its making, so that their bytes have to be counted. */
  readonly holds: boolean;
  /** Whether a body that is no JSON has to be left out, since nobody can look for what is to be replaced. */
  readonly hidesUnread: boolean;
}

/** The largest answer that is read to be cut. */
const maxCutBytes = 16 * 1024 ** 2;

/** True where a policy rewrites answers at all. */
export function rewrites({ redaction, onOversize }: CompiledPolicy): boolean {
  return redaction !== undefined || onOversize === "Truncate";
}

/**
 * Creates the rewriter. Policy is asked anew for each text: a stream may live longer than a policy.
 * `maxResponseBytes`: what this answer may have, which may be less than the policy's own bound.
 */
export function createRewriter(
  policy: () => CompiledPolicy,
  maxResponseBytes: number,
  counts: ControlCounts | undefined,
): Rewriter {
  const { onOversize, redaction } = policy();
  return {
    apply: (json) => (rewrites(policy()) ? rewrite({ ...policy(), maxResponseBytes }, json, counts) : json),
    maxReadBytes: onOversize === "Truncate" ? Math.max(maxCutBytes, maxResponseBytes) : maxResponseBytes,
    holds: rewrites(policy()),
    hidesUnread: redaction !== undefined,
  };
}

function rewrite(policy: CompiledPolicy, json: Buffer, counts: ControlCounts | undefined): Buffer | undefined {
  const isTooLarge = policy.onOversize === "Truncate" && json.length > policy.maxResponseBytes;
  if (policy.redaction === undefined && !isTooLarge) return json;
  const parsed = parseExact(json.toString("utf8"));
  if (parsed === undefined) return undefined;
  if (!redactAll(policy, parsed.value, counts)) return undefined;
  const text = JSON.stringify(parsed.value);
  if (policy.onOversize !== "Truncate" || Buffer.byteLength(text) <= policy.maxResponseBytes) return Buffer.from(text);
  return Buffer.from(cut(policy, parsed.value, { text, counts }) ?? text);
}

function redactAll({ redaction }: CompiledPolicy, value: unknown, counts: ControlCounts | undefined): boolean {
  if (redaction === undefined) return true;
  for (const message of Array.isArray(value) ? value : [value]) {
    const redacted = redactMessage(redaction, message);
    if (!redacted.ok) return false;
    if (redacted.count > 0) counts?.redacted(redacted.count);
  }
  return true;
}

/** Of a batch nothing is cut: which of its answers should be? It is refused as too large. */
function cut(
  { maxResponseBytes }: CompiledPolicy,
  message: unknown,
  { text, counts }: { readonly text: string; readonly counts: ControlCounts | undefined },
): string | undefined {
  if (typeof message !== "object" || message === null || Array.isArray(message)) return undefined;
  const sizes = { bytes: Buffer.byteLength(text), maxBytes: maxResponseBytes };
  // A parsed object that is no list has string keys.
  const shorter = truncateResult(message as Readonly<Record<string, unknown>>, sizes);
  if (shorter !== undefined) counts?.truncated();
  return shorter;
}
