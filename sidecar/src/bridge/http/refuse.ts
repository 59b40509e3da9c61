/** Answers that the HTTP front of a bridged server gives itself: acknowledgements and refusals. Which one is due is decided elsewhere. */
import { rpcCodes } from "@outrigger/api/errors";
import { buildError } from "@outrigger/mcp";
import type { UpstreamCall, UpstreamFailure, UpstreamRequest, UpstreamSink } from "../../upstream/upstream.ts";
import type { NotTaken, WholeAnswer } from "../link.ts";

/** A whole answer. */
export interface ShortAnswer {
  readonly status: number;
  readonly body?: Buffer;
  readonly headers?: readonly string[];
}

/** Nothing was asked that needs an answer, or a session ended as asked. Source: MCP Streamable HTTP. */
export const accepted: ShortAnswer = { status: 202 };
export const sessionEnded: ShortAnswer = { status: 200 };

/** Builds a refusal with a JSON-RPC error for the request's id, or for none. */
export function refusal(status: number, message: string, idBytes?: Uint8Array): ShortAnswer {
  const to = idBytes === undefined ? {} : { idBytes };
  return { status, body: buildError({ ...to, code: rpcCodes.invalidRequest, message }) };
}

/** Gives a whole answer after the caller of `send` has its handle. */
export function answerShortly(sink: UpstreamSink, answer: ShortAnswer): UpstreamCall {
  return later((isWanted) => give(sink, answer, isWanted));
}

function give(sink: UpstreamSink, answer: ShortAnswer, isWanted: () => boolean): void {
  if (!isWanted()) return;
  const { body, headers = [] } = answer;
  const type = body === undefined ? [] : ["content-type", "application/json"];
  sink.onHead(answer.status, [...type, "content-length", String(body?.length ?? 0), ...headers]);
  if (body !== undefined && isWanted()) sink.onData(body);
  if (isWanted()) sink.onEnd();
}

/** Fails after the caller of `send` has its handle. */
export function failShortly(sink: UpstreamSink, failure: UpstreamFailure): UpstreamCall {
  return later((isWanted) => {
    if (isWanted()) sink.onFailure(failure);
  });
}

/** Passes a whole answer of the server on. */
function passOn(sink: UpstreamSink, { status, headers, body }: WholeAnswer): void {
  sink.onHead(status, [...headers, "content-length", String(body.length)]);
  if (body.length > 0) sink.onData(body);
  sink.onEnd();
}

/** The answer to messages that want none: it waits until the server has taken all `count` of them, or has refused one. */
export function answerWhenTaken(
  sink: UpstreamSink,
  count: number,
): { readonly onTaken: (refused?: NotTaken) => void; readonly call: UpstreamCall } {
  let left = count;
  let isOver = count === 0;
  let call: UpstreamCall | undefined = isOver ? answerShortly(sink, accepted) : undefined;
  const settle = (answer: () => void): void => {
    isOver = true;
    call = later((isWanted) => {
      if (isWanted()) answer();
    });
  };
  return {
    onTaken(refused) {
      if (isOver) return;
      left--;
      if (refused === undefined) {
        if (left === 0) settle(() => give(sink, accepted, () => true));
      } else if ("answer" in refused) settle(() => passOn(sink, refused.answer));
      else settle(() => sink.onFailure(refused.failure));
    },
    call: {
      resume: () => undefined,
      abort() {
        isOver = true;
        call?.abort();
      },
    },
  };
}

function later(run: (isWanted: () => boolean) => void): UpstreamCall {
  let isWanted = true;
  queueMicrotask(() => run(() => isWanted));
  return { resume: () => undefined, abort: () => void (isWanted = false) };
}

/** Returns the spelling of a request's id, for echoing. */
export function idOf(request: UpstreamRequest): Uint8Array | undefined {
  return request.message?.type === "request" ? request.message.idBytes : undefined;
}
