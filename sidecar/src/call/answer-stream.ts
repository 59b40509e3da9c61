/**
 * An event stream that is passed on event by event where something may have to be taken out, and chunk by chunk where not.
 * Event ids, retry hints and comments stay as they are, so that resuming works. A stream that breaks ends with an error event.
 */
import { createEventSplitter, dropData, encodeEvent, replaceData, type SseEvent } from "@outrigger/mcp";
import { sentenceOf, type AnswerContext, type AnswerHead, type BodySink, type Outcome } from "./answer-body.ts";
import { createEventMeter } from "./event-meter.ts";
import { dropped } from "./filter.ts";
import { buildAnswerHeaders } from "./forward.ts";
import { refuseFor } from "./refuse.ts";

/** Creates the body sink; the head goes out at once, since the first event may be far away. */
export function createStreamAnswer(context: AnswerContext, head: AnswerHead): BodySink {
  const { client } = context;
  client.head(head.status, buildAnswerHeaders(head.headers, { withoutLength: true }), { flush: true });
  const breakOff = (outcome: Outcome, text: string): void => {
    context.abort();
    endWithError(context, outcome, text);
  };
  const pass =
    context.filter === undefined && context.rewriter === undefined
      ? createMeteredPass(context, breakOff)
      : createFilteredPass(context, breakOff);
  return {
    onData: pass.onData,
    onEnd: () => {
      if (!pass.end()) return;
      for (const addition of context.additions)
        client.write(encodeEvent({ event: "message", data: addition.toString("utf8") }));
      client.end();
      context.onFinished("answered");
    },
    onFailure: (failure) => endWithError(context, failure.reason, sentenceOf(failure)),
  };
}

interface Pass {
  readonly onData: (chunk: Buffer) => boolean;
  /** Sends what is left; false where the stream was ended before. */
  readonly end: () => boolean;
}

type BreakOff = (outcome: Outcome, text: string) => void;

const tooLarge = (limit: number): string =>
  `An event of the answer is larger than the ${limit} bytes that are allowed.`;

function createMeteredPass(context: AnswerContext, breakOff: BreakOff): Pass {
  const meter = createEventMeter();
  // A stream without a request (GET) has no answer whose size a policy could bound.
  const limit = context.call === undefined ? Number.POSITIVE_INFINITY : context.maxResponseBytes;
  let over = false;
  return {
    onData: (chunk) => {
      if (over) return true;
      if (meter.add(chunk) <= limit) return context.client.write(chunk);
      over = true;
      breakOff("ResponseTooLarge", tooLarge(limit));
      return true;
    },
    end: () => !over,
  };
}

/** Lists are larger than answers to calls may be; a filtered event is held whole. */
const maxFilteredEventBytes = 16 * 1024 ** 2;

function createFilteredPass(context: AnswerContext, breakOff: BreakOff): Pass {
  const splitter = createEventSplitter({ maxEventBytes: maxFilteredEventBytes });
  const isBounded = context.call !== undefined && context.isUnbounded !== true;
  const largest = isBounded ? context.maxResponseBytes : maxFilteredEventBytes;
  const share = context.rewriter?.holds === true ? context.budget.open() : undefined;
  let over = false;
  const isOver = (): boolean => over;
  const stop = (outcome: Outcome, text: string): true => {
    over = true;
    share?.free();
    breakOff(outcome, text);
    return true;
  };
  const pass = (event: SseEvent): boolean => {
    const shown = filterEvent(event, context);
    if (shown === undefined) return stop("UpstreamBroken", "An event of the server's answer is not valid JSON-RPC.");
    if (shown.length > largest) return stop("ResponseTooLarge", tooLarge(largest));
    return shown.length === 0 || context.client.write(shown);
  };
  return {
    onData: (chunk) => {
      if (isOver()) return true;
      if (share?.grow(chunk.length) === false) return stop("FloodLimited", "Too many large answers are under way.");
      const split = splitter.push(chunk);
      // What is left of the chunk behind its last event is less than is freed here: it is not worth being counted.
      if (split.events.length > 0) share?.free();
      let writable = true;
      for (const event of split.events) {
        writable = pass(event);
        if (isOver()) return true;
      }
      return split.overflow ? stop("ResponseTooLarge", tooLarge(maxFilteredEventBytes)) : writable;
    },
    end: () => {
      // Half an event is no event (HTML standard, server-sent events, "dispatch the event"): only a whole one is passed on.
      const last = isOver() ? undefined : splitter.end();
      if (last !== undefined) pass(last);
      share?.free();
      return !isOver();
    },
  };
}

function filterEvent(event: SseEvent, context: AnswerContext): Buffer | undefined {
  const raw = Buffer.from(event.raw.buffer, event.raw.byteOffset, event.raw.byteLength);
  if (event.data === undefined || event.data === "") return raw;
  const before = Buffer.from(event.data, "utf8");
  const filtered = context.filter === undefined ? before : context.filter(before);
  if (filtered === dropped) return dropData(event);
  const after = context.rewriter === undefined || filtered === undefined ? filtered : context.rewriter.apply(filtered);
  if (after === undefined) return undefined;
  return after === before ? raw : replaceData(event, after.toString("utf8"));
}

function endWithError(context: AnswerContext, outcome: Outcome, text: string): void {
  const { client, call } = context;
  if (call?.idBytes !== undefined && outcome !== "answered") {
    const { body } = refuseFor(call, { reason: outcome, text });
    // Two line ends close an event that the server left half written.
    client.write(Buffer.concat([Buffer.from("\n\n"), encodeEvent({ event: "message", data: body.toString("utf8") })]));
  }
  client.end();
  context.onFinished(outcome);
}
