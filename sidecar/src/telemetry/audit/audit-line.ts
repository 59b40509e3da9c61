/**
 * One decision as the members of an audit line. It says who asked for what and what became of it; arguments and results only as
 * policy asks. Texts of callers are cut, and a URI loses its query, where secrets travel.
 */
import { createHash } from "node:crypto";
import { cutText, withoutSecrets } from "@outrigger/runtime/audit-text";
import type { Told } from "../../call/exchange.ts";
import type { CallRecord } from "../../call/record.ts";
import { maxIncludedBytes, type AuditWord } from "./audit-rules.ts";

/** Members of a line; the chain adds its own in front. */
export type AuditLine = Readonly<Record<string, unknown>>;

/** Describes a decision. `id` joins the lines of one request; `nowMs` is the wall clock. */
export function createAuditLine(
  exchange: Told,
  call: CallRecord,
  { id, nowMs }: { readonly id: string; readonly nowMs: number },
): AuditLine {
  const traceId = exchange.watched?.span?.traceId;
  return {
    time: new Date(nowMs).toISOString(),
    id,
    ...(traceId === undefined || traceId === id ? {} : { traceId }),
    method: cutText(call.method),
    ...(call.name === undefined ? {} : nameTarget(call, call.name)),
    caller: call.caller,
    decision: call.decision,
    reason: call.reason,
    policy: exchange.policy.hash,
    status: call.httpStatus,
    durationMs: Math.round(call.durationMs * 1_000) / 1_000,
    requestBytes: call.requestBytes,
    responseBytes: call.responseBytes,
    ...tellContents(exchange, call),
  };
}

function nameTarget(call: CallRecord, name: string): object {
  if (call.isTool) return { tool: cutText(name) };
  return { name: cutText(withoutSecrets(name)) };
}

function tellContents(exchange: Told, call: CallRecord): object {
  const rules = exchange.policy.compiled.audit;
  const told: Record<string, unknown> = {};
  const span = call.item?.message.argumentsSpan;
  if (rules.arguments !== "Omit" && call.item !== undefined && span !== undefined) {
    const bytes = call.item.bytes.subarray(span.start, span.end);
    tell(told, { name: "arguments", word: rules.arguments, text: bytes, sha256: () => sha256Of(bytes), isWhole: true });
  }
  const answer = exchange.watched?.answer;
  if (rules.results !== "Omit" && answer !== undefined && call.responseBytes > 0) {
    const { sha256, isWhole } = answer;
    tell(told, { name: "result", word: rules.results, text: answer.bytes(), sha256, isWhole: isWhole() });
  }
  return told;
}

interface Contents {
  readonly name: "arguments" | "result";
  readonly word: AuditWord;
  readonly text: Buffer;
  readonly sha256: () => string;
  /** False where `text` is the beginning of something longer. */
  readonly isWhole: boolean;
}

/** The hash is there in both cases: of what is cut it is the only trace. */
function tell(told: Record<string, unknown>, { name, word, text, sha256, isWhole }: Contents): void {
  told[`${name}Sha256`] = sha256();
  if (word !== "Include") return;
  told[name] = text.toString("utf8", 0, maxIncludedBytes);
  if (!isWhole || text.length > maxIncludedBytes) told[`${name}Cut`] = true;
}

const sha256Of = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
