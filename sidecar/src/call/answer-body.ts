/** What every way of passing an answer on shares: its context, the unread pass, and how a failure is told. */
import type { UpstreamFailure } from "../upstream/upstream.ts";
import type { ByteBudget } from "./budget.ts";
import type { ClientSide } from "./client-side.ts";
import type { AnswerFilter } from "./filter.ts";
import { buildAnswerHeaders } from "./forward.ts";
import type { Rewriter } from "./redact/rewrite.ts";
import { refuseFor, type RefusedCall } from "./refuse.ts";

/** How an exchange ended, for audit and health. */
export type Outcome = "answered" | UpstreamFailure["reason"] | "ResponseTooLarge";

/** What the answer stage knows of the exchange. */
export interface AnswerContext {
  readonly client: ClientSide;
  /** The request that waits for an answer; absent for GET, DELETE and notifications. */
  readonly call?: RefusedCall;
  /** Present where something in the answer may have to be taken out. */
  readonly filter?: AnswerFilter;
  /** Whether the filter has to read whatever answers, be it a list or a stream without end: the size of a call's answer is no bound then. */
  readonly isUnbounded?: boolean;
  /** Present where policy changes what answers say. */
  readonly rewriter?: Rewriter;
  /** Answers of our own to denied messages of a batch, to be added to the server's. */
  readonly additions: readonly Buffer[];
  readonly maxResponseBytes: number;
  readonly budget: ByteBudget;
  /** Hears that bytes of the answer came. */
  readonly onBytes?: () => void;
  /** Stops the server's answer. */
  readonly abort: () => void;
  /** Called once, when nothing more will be written. */
  readonly onFinished: (outcome: Outcome) => void;
}

/** The part of a sink that follows the head. */
export interface BodySink {
  readonly onData: (chunk: Buffer) => boolean;
  readonly onEnd: () => void;
  readonly onFailure: (failure: UpstreamFailure) => void;
}

/** The head of the server's answer. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: readonly string[];
}

/** Passes an answer on unread. */
export function createPipedAnswer(context: AnswerContext, head: AnswerHead): BodySink {
  const { client } = context;
  client.head(head.status, buildAnswerHeaders(head.headers, { withoutLength: false }));
  return {
    onData: client.write,
    onEnd: () => {
      client.end();
      context.onFinished("answered");
    },
    onFailure: (failure) => {
      client.destroy();
      context.onFinished(failure.reason);
    },
  };
}

/** Passes on status and headers alone: what nobody can read may hold what has to be replaced. */
export function createBodilessAnswer({ client, onFinished }: AnswerContext, head: AnswerHead): BodySink {
  const headers = buildAnswerHeaders(head.headers, { withoutLength: true });
  const end = (outcome: Outcome): void => {
    client.head(head.status, [...headers, "content-length", "0"]);
    client.end();
    onFinished(outcome);
  };
  return { onData: () => true, onEnd: () => end("answered"), onFailure: (failure) => end(failure.reason) };
}

/** Tells the client of a failure while it has seen nothing yet. */
export function failBeforeHead(context: AnswerContext, failure: UpstreamFailure): void {
  const call = context.call ?? { era: "legacy" as const, server: "" };
  const { reason, retryAfterMs } = failure;
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  context.client.refuse(refuseFor(call, { reason, text: sentenceOf(failure), ...wait }));
  context.onFinished(failure.reason);
}

/** The text that a caller reads. */
export function sentenceOf(failure: UpstreamFailure): string {
  return `${failure.message.charAt(0).toUpperCase()}${failure.message.slice(1)}.`;
}
