/**
 * Reads the head of the server's answer and chooses how it is passed on: held and filtered, event by event, or unread.
 * Stage after forwarding. An answer is complete for the client or clearly broken, never silently cut.
 */
import { isEventStream, findHeader, readMediaType } from "../upstream/headers.ts";
import type { UpstreamSink } from "../upstream/upstream.ts";
import {
  createBodilessAnswer,
  createPipedAnswer,
  failBeforeHead,
  type AnswerContext,
  type AnswerHead,
  type BodySink,
} from "./answer-body.ts";
import { createHeldAnswer } from "./answer-held.ts";
import { createStreamAnswer } from "./answer-stream.ts";

/** Creates the sink for one exchange. */
export function createAnswerSink(context: AnswerContext): UpstreamSink {
  let body: BodySink | undefined;
  return {
    onHead: (status, headers) => {
      body = chooseBody(context, { status, headers });
    },
    onData: (chunk) => {
      context.onBytes?.();
      return body?.onData(chunk) ?? true;
    },
    onEnd: () => body?.onEnd(),
    onFailure: (failure) => (body === undefined ? failBeforeHead(context, failure) : body.onFailure(failure)),
  };
}

function chooseBody(context: AnswerContext, head: AnswerHead): BodySink {
  if (isEventStream(head.headers)) return createStreamAnswer(context, head);
  if (isJson(head) && isRead(context)) return createHeldAnswer(context, head);
  if (context.call !== undefined && isSuccess(head.status) && !isJson(head)) return createGarbageAnswer(context, head);
  return context.rewriter?.hidesUnread === true
    ? createBodilessAnswer(context, head)
    : createPipedAnswer(context, head);
}

const isJson = (head: AnswerHead): boolean => readMediaType(head.headers) === "application/json";
const isRead = ({ call, filter, rewriter }: AnswerContext): boolean => (call ?? filter ?? rewriter) !== undefined;
const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** A successful answer to a request must be JSON or an event stream; anything else is not MCP. */
function createGarbageAnswer(context: AnswerContext, head: AnswerHead): BodySink {
  const type = findHeader(head.headers, "content-type") ?? "no content type";
  context.abort();
  failBeforeHead(context, {
    reason: "UpstreamBroken",
    message: `the server answered with ${type} where MCP has application/json or text/event-stream`,
    sent: true,
  });
  return { onData: () => true, onEnd: () => undefined, onFailure: () => undefined };
}
