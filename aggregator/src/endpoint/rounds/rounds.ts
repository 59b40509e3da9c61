/**
 * Requests that a server answers with questions. A modern caller is handed the questions, with the server's state sealed; a legacy one is
 * asked on the stream of its request, and the request is made again with its answers. Decides when it has been asked often enough.
 * Source: MCP 2026-07-28 basic/patterns/mrtr.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { rpcCodes } from "@outrigger/api/errors";
import type { Era, JsonObject, RpcError } from "@outrigger/mcp";
import { asksForInput } from "../../route/bridge.ts";
import type { CallOutcome } from "../../route/failure.ts";
import type { CallerVoice, ClientReply, RelayedRequest } from "../../route/request.ts";
import type { Retry } from "../tools/invocation.ts";
import type { Holds, Leg } from "./held/holds.ts";
import { findMissing, nameAsker, readQuestions, readUrlQuestions, refuseUnable, type Questions } from "./asked.ts";
import { refuseState, type RequestStates, type StateOwner } from "./request-state.ts";

/** How one round differs from the request: whom the server may ask and tell meanwhile, and what ends it. */
export interface RoundOf {
  readonly voice?: CallerVoice;
  readonly signal?: AbortSignal;
}

/**
 * A request that may take several rounds. `send` makes one of them; `askedBy`: whose question it is, where there are several servers;
 * `mayHold`: whether the server may ask a modern caller in the middle of a call.
 */
export interface Rounds {
  readonly owner: StateOwner;
  readonly era: Era;
  readonly voice: CallerVoice;
  readonly retry: Retry;
  readonly states: RequestStates;
  readonly holds: Holds;
  readonly mayHold: () => boolean;
  readonly askedBy: () => string | undefined;
  readonly signal: AbortSignal;
  readonly send: (request: RelayedRequest, round?: RoundOf) => Promise<CallOutcome>;
}

/** How often a legacy caller is asked within one request. */
const mostRounds = 8;
/** Wait in ms before a request that was answered with a state alone is made again. */
const againMs = 1_000;

/** Makes the request. Errors: -32602 for a state that is none of ours; -32021 for a question that the caller can't be asked. */
export async function sendInRounds(rounds: Rounds): Promise<CallOutcome> {
  return rounds.era === "modern" ? sendOnce(rounds) : sendUntilAnswered(rounds);
}

/** The caller makes the rounds itself. */
async function sendOnce(rounds: Rounds): Promise<CallOutcome> {
  const { owner, retry, states, holds, mayHold, send } = rounds;
  const { inputResponses, requestState } = retry;
  const resumed = holds.resume(legOf(rounds), { inputResponses, requestState });
  if (resumed !== undefined || (requestState === undefined && mayHold())) {
    const step = await (resumed ?? holds.begin(legOf(rounds), (how) => send(owner.request, how)));
    return step.kind === "asked" ? step.outcome : handQuestions(step.outcome, rounds);
  }
  const state = requestState === undefined ? undefined : states.open(owner, requestState);
  if (requestState !== undefined && state === undefined) return fail(refuseState);
  return handQuestions(await send(addInputs(owner.request, { inputResponses, requestState: state })), rounds);
}

function legOf({ owner, voice, signal, askedBy }: Rounds): Leg {
  return { owner, voice, signal, present: (questions) => presentTo(askedBy(), questions) };
}

/** What the server asks by its answer, the caller is asked by ours. */
function handQuestions(answered: CallOutcome, { owner, states, voice, askedBy }: Rounds): CallOutcome {
  const outcome = readUrls(answered);
  if (outcome.kind === "error" || !asksForInput(outcome.result)) return outcome;
  const questions = readQuestions(outcome.result);
  if (questions === undefined) return failUnreadable();
  const missing = findMissing(questions, voice.capabilities);
  if (missing !== undefined) return fail(refuseUnable(missing));
  const { requestState: given } = outcome.result;
  const result = {
    ...outcome.result,
    ...(questions.length === 0 ? {} : { inputRequests: presentTo(askedBy(), questions) }),
    ...(typeof given === "string" ? { requestState: states.seal(owner, given) } : {}),
  };
  return { kind: "result", result };
}

/** The error of a legacy server that wants a URL visited is a question to a modern caller. */
function readUrls(outcome: CallOutcome): CallOutcome {
  const asked = outcome.kind === "error" ? readUrlQuestions(outcome.error) : undefined;
  return asked === undefined ? outcome : { kind: "result", result: asked };
}

/** The caller is asked while its request waits. */
async function sendUntilAnswered(rounds: Rounds): Promise<CallOutcome> {
  const { owner, voice, send, signal } = rounds;
  let inputs: Retry = {};
  for (let round = 0; round <= mostRounds; round++) {
    const outcome = await send(addInputs(owner.request, inputs));
    if (outcome.kind === "error") return readByModel(outcome.error, rounds);
    if (!asksForInput(outcome.result)) return outcome;
    const questions = readQuestions(outcome.result);
    if (questions === undefined) return failUnreadable();
    const missing = findMissing(questions, voice.ask === undefined ? {} : voice.capabilities);
    if (missing !== undefined) return readByModel(refuseUnable(missing), rounds);
    if (questions.length === 0) await pause(againMs, undefined, { signal });
    const answered = await askAll(questions, { voice, signal });
    if ("error" in answered) return fail(answered.error);
    inputs = { inputResponses: answered.responses, requestState: outcome.result["requestState"] };
  }
  return fail({ code: rpcCodes.internal, message: `The server has asked ${mostRounds} times and goes on asking.` });
}

type Answered = { readonly responses: JsonObject } | { readonly error: RpcError };

async function askAll(questions: Questions, { voice, signal }: Pick<Rounds, "voice" | "signal">): Promise<Answered> {
  const asked = questions.map(async ([key, question]): Promise<readonly [string, ClientReply]> => {
    return [key, (await voice.ask?.(addElicitationId(question), signal)) ?? { error: {} }];
  });
  const responses: Record<string, JsonObject> = {};
  for (const [key, reply] of await Promise.all(asked)) {
    if ("error" in reply) return { error: readError(reply.error) };
    responses[key] = reply.result;
  }
  signal.throwIfAborted();
  return { responses };
}

/** Legacy clients want an id for a visit to a URL; the modern era has none. */
function addElicitationId(question: RelayedRequest): RelayedRequest {
  const { mode, elicitationId } = question.params;
  if (mode !== "url" || elicitationId !== undefined) return question;
  return { ...question, params: { ...question.params, elicitationId: randomUUID() } };
}

function addInputs(request: RelayedRequest, { inputResponses, requestState }: Retry): RelayedRequest {
  const params = {
    ...request.params,
    ...(inputResponses === undefined ? {} : { inputResponses }),
    ...(requestState === undefined ? {} : { requestState }),
  };
  return { ...request, params };
}

function presentTo(server: string | undefined, questions: Questions): JsonObject {
  return Object.fromEntries(questions.map(([key, question]) => [key, nameAsker(question, server)]));
}

/** Of a tool that can't ask its caller, a legacy caller's model reads why: the code is one of the modern era. */
function readByModel(error: RpcError, { owner }: Rounds): CallOutcome {
  if (error.code !== rpcCodes.missingCapability || owner.request.method !== "tools/call") return fail(error);
  return { kind: "result", result: { content: [{ type: "text", text: error.message }], isError: true } };
}

function readError(error: JsonObject): RpcError {
  const { code, message } = error;
  return {
    ...error,
    code: typeof code === "number" ? code : rpcCodes.internal,
    message: typeof message === "string" ? message : "The client did not answer what the server asked.",
  };
}

function failUnreadable(): CallOutcome {
  return fail({ code: rpcCodes.internal, message: "The server asks for something that no client knows." });
}

function fail(error: RpcError): CallOutcome {
  return { kind: "error", error };
}
