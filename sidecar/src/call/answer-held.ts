/**
 * A JSON answer that is read whole before the first byte is sent: lists are filtered, sizes hold, and an answer that ends
 * early becomes a clear error. Large answers of known length that nobody has to read are passed on as they come.
 */
import { findHeader } from "../upstream/headers.ts";
import type { UpstreamFailure } from "../upstream/upstream.ts";
import {
  createPipedAnswer,
  failBeforeHead,
  type AnswerContext,
  type AnswerHead,
  type BodySink,
} from "./answer-body.ts";
import { dropped, joinBatch } from "./filter.ts";
import { buildAnswerHeaders } from "./forward.ts";
import { refuseFor } from "./refuse.ts";

/** Above this length an answer that needs no reading is piped: holding it would only cost memory and time. */
const alwaysHeldBytes = 256 * 1024;

/** The largest list that is filtered; a catalogue takes no more from one server either. */
const maxListBytes = 16 * 1024 ** 2;

/** Creates the body sink; sends nothing until the answer has ended. */
export function createHeldAnswer(context: AnswerContext, head: AnswerHead): BodySink {
  const limit = limitOf(context);
  const length = Number(findHeader(head.headers, "content-length") ?? Number.NaN);
  if (length > limit) return refuseTooLarge(context, limit);
  if (!(length > alwaysHeldBytes) || isReadWhole(context)) return hold(context, head, limit);
  return context.filter === undefined ? createPipedAnswer(context, head) : createPeekedAnswer(context, head, limit);
}

function limitOf({ isUnbounded, rewriter, maxResponseBytes }: AnswerContext): number {
  return isUnbounded === true ? maxListBytes : (rewriter?.maxReadBytes ?? maxResponseBytes);
}

const isReadWhole = ({ isUnbounded, rewriter, additions }: AnswerContext): boolean =>
  isUnbounded === true || rewriter !== undefined || additions.length > 0;

/**
 * A large answer in which nothing but news of resources is looked for. Those can only come beside it, in a batch: one message is the
 * answer itself, and is passed on as it comes.
 */
function createPeekedAnswer(context: AnswerContext, head: AnswerHead, limit: number): BodySink {
  let body: BodySink | undefined;
  return {
    onData: (chunk) => {
      body ??= findFirst(chunk) === openBracket ? hold(context, head, limit) : createPipedAnswer(context, head);
      return body.onData(chunk);
    },
    onEnd: () => (body ?? hold(context, head, limit)).onEnd(),
    onFailure: (failure) => (body === undefined ? failBeforeHead(context, failure) : body.onFailure(failure)),
  };
}

const openBracket = 0x5b;

/** The first byte that is no space; space alone is no answer, and counts as a batch, which is read. */
function findFirst(chunk: Buffer): number {
  return chunk.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) ?? openBracket;
}

function hold(context: AnswerContext, head: AnswerHead, limit: number): BodySink {
  const chunks: Buffer[] = [];
  const share = context.budget.open();
  let size = 0;
  let over = false;
  const giveUp = (failure: UpstreamFailure | "ResponseTooLarge"): void => {
    over = true;
    share.free();
    chunks.length = 0;
    if (failure === "ResponseTooLarge") refuseTooLarge(context, limit);
    else failBeforeHead(context, failure);
  };
  return {
    onData: (chunk) => {
      if (over) return true;
      size += chunk.length;
      chunks.push(chunk);
      if (size > limit) giveUp("ResponseTooLarge");
      else if (!share.grow(chunk.length)) {
        context.abort();
        giveUp({ reason: "FloodLimited", message: "too many large answers are under way", sent: true });
      }
      return true;
    },
    onEnd: () => {
      if (over) return;
      share.free();
      finish(context, head, chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
    },
    onFailure: (failure) => {
      if (!over) giveUp(failure);
    },
  };
}

function finish(context: AnswerContext, head: AnswerHead, body: Buffer): void {
  const shown = show(context, body);
  if (context.isUnbounded !== true && shown !== undefined && shown.length > context.maxResponseBytes) {
    refuseTooLarge(context, context.maxResponseBytes);
    return;
  }
  const whole = shown === undefined ? undefined : addToBatch(shown, context.additions);
  if (whole === undefined) {
    failBeforeHead(context, {
      reason: "UpstreamBroken",
      message: "the server's answer is not valid JSON-RPC",
      sent: true,
    });
    return;
  }
  const headers = buildAnswerHeaders(head.headers, { withoutLength: true });
  context.client.head(head.status, [...headers, "content-length", String(whole.length)]);
  context.client.end(whole);
  context.onFinished("answered");
}

function show({ filter, rewriter }: AnswerContext, body: Buffer): Buffer | undefined {
  const filtered = filter === undefined ? body : filter(body);
  return rewriter === undefined || filtered === undefined || filtered === dropped ? filtered : rewriter.apply(filtered);
}

/** Adds answers of our own to the server's batch; the server's may be one message where one was left to answer. */
function addToBatch(answer: Buffer, additions: readonly Buffer[]): Buffer | undefined {
  if (additions.length === 0) return answer;
  const text = answer.toString("utf8").trim();
  if (!text.startsWith("[")) return joinBatch([answer, ...additions]);
  const inner = text.slice(1, -1).trim();
  return joinBatch([...(inner === "" ? [] : [Buffer.from(inner)]), ...additions]);
}

function refuseTooLarge(context: AnswerContext, limit: number): BodySink {
  context.abort();
  const call = context.call ?? { era: "legacy" as const, server: "" };
  const text = `The answer is larger than the ${limit} bytes that are allowed. Ask for less at once.`;
  context.client.refuse(refuseFor(call, { reason: "ResponseTooLarge", text }));
  context.onFinished("ResponseTooLarge");
  return { onData: () => true, onEnd: () => undefined, onFailure: () => undefined };
}
