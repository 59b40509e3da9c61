/** What an answer says of its own success, for spans: the code of a JSON-RPC error, or that a tool failed. Reads, never judges policy. */
import type { KeptAnswer } from "../../call/exchange.ts";

/** `errorType` and `statusCode` as the MCP semantic conventions of OpenTelemetry name them; both undefined for a success. */
export interface AnswerOutcome {
  readonly errorType: string | undefined;
  readonly statusCode: string | undefined;
}

const success: AnswerOutcome = { errorType: undefined, statusCode: undefined };

/** Reads a kept answer, JSON or event stream; one that was not kept whole counts as a success. */
export function readOutcome(answer: KeptAnswer): AnswerOutcome {
  if (!answer.isWhole()) return success;
  const text = answer.bytes().toString("utf8");
  const isStream = /^\s*text\/event-stream\s*(;|$)/i.test(answer.contentType() ?? "");
  const messages = (isStream ? readEvents(text) : [text]).map(readMessage);
  return messages.find(({ errorType }) => errorType !== undefined) ?? success;
}

function readEvents(text: string): readonly string[] {
  return text.split(/\r\n|\r|\n/u).flatMap((line) => (line.startsWith("data:") ? [line.slice("data:".length)] : []));
}

function readMessage(text: string): AnswerOutcome {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return success;
  }
  const error = memberOf(value, "error");
  if (error !== undefined) {
    const code = memberOf(error, "code");
    const statusCode = typeof code === "number" ? String(code) : undefined;
    return { errorType: statusCode ?? "_OTHER", statusCode };
  }
  const isToolError = memberOf(memberOf(value, "result"), "isError") === true;
  return isToolError ? { errorType: "tool_error", statusCode: undefined } : success;
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  // JSON objects have string keys.
  return (value as Readonly<Record<string, unknown>>)[name];
}
