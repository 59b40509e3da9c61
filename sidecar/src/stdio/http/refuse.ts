/** Answers that an HTTP front of a stdio server gives itself: acknowledgements and refusals. Which one is due is decided elsewhere. */
import { rpcCodes } from "@outrigger/api/errors";
import { buildError } from "@outrigger/mcp";
import type { UpstreamCall, UpstreamFailure, UpstreamRequest, UpstreamSink } from "../../upstream/upstream.ts";

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
  return later((isWanted) => {
    if (!isWanted()) return;
    const { body, headers = [] } = answer;
    const type = body === undefined ? [] : ["content-type", "application/json"];
    sink.onHead(answer.status, [...type, "content-length", String(body?.length ?? 0), ...headers]);
    if (body !== undefined && isWanted()) sink.onData(body);
    if (isWanted()) sink.onEnd();
  });
}

/** Fails after the caller of `send` has its handle. */
export function failShortly(sink: UpstreamSink, failure: UpstreamFailure): UpstreamCall {
  return later((isWanted) => {
    if (isWanted()) sink.onFailure(failure);
  });
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
