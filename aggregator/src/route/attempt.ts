/**
 * One call to one replica: the request in the server's era, its answer, what comes on the way, and the end when the caller
 * gives up. Says whether the call can have reached the server; choosing a replica and trying another are `relay.ts`'s.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { WireReason } from "@outrigger/api/errors";
import { buildRequest, type ClientInfo, type ClientVoice, type OutgoingMessage, type RpcError } from "@outrigger/mcp";
import type { Dispatcher } from "undici";
import type { DiscoveredSidecar } from "../discovery/source.ts";
import { converse, type Conversation } from "./converse.ts";
import { buildParamHeaders } from "./param-headers.ts";
import { hearAside } from "./hear-aside.ts";
import { exchange, type Posted } from "./post.ts";
import { readAnswer, type Answer } from "./read-answer.ts";
import { logLevels } from "./request.ts";
import type { SessionKey, UpstreamSession, UpstreamSessions } from "./sessions.ts";
import type { createSessionStreams } from "./watch/session-streams.ts";
import { buildCall, buildCancelled, describeCall, type UpstreamCall } from "./upstream-call.ts";

/**
 * How an attempt ended. `unsent`: the call did not reach the server, so another replica may be tried; `kept`: the sidecar kept it from
 * the server, which it leaves alone for a while, and so does this; `lost`: the connection broke, and nobody knows what became of the call;
 * `unable`: the server asked for what the caller has not declared, and failed.
 */
export type Attempt =
  | Answer
  | { readonly kind: "unsent"; readonly detail: string }
  | { readonly kind: "kept"; readonly error: RpcError }
  | { readonly kind: "lost"; readonly detail: string }
  | { readonly kind: "unable"; readonly capability: string; readonly answer: Answer };

/** What attempts share. */
export interface AttemptDeps {
  readonly dispatcher: Dispatcher;
  readonly sessions: UpstreamSessions;
  readonly clientInfo: ClientInfo;
  readonly maxAnswerBytes: number;
  /** Where legacy servers speak outside of calls. */
  readonly streams: ReturnType<typeof createSessionStreams>;
}

/** Longest time in ms that saying something on the side (cancelling, answering a ping) may take. */
const asideMs = 5_000;
const mostResumptions = 10;
const longestRetryMs = 5_000;

/** Calls a modern server: one stateless request; closing it cancels the call. Rejects when `call.signal` aborts. */
export async function attemptModern(
  deps: AttemptDeps,
  sidecar: DiscoveredSidecar,
  call: UpstreamCall,
): Promise<Attempt> {
  const voice: ClientVoice = { era: "modern", clientInfo: deps.clientInfo, clientCapabilities: call.capabilities };
  const headers = { ...buildParamHeaders(call.inputSchema, call.request.params["arguments"]), ...describeCall(call) };
  const { dispatcher } = deps;
  const posted = await exchange({ dispatcher, sidecar, message: buildCall(voice, call), headers, signal: call.signal });
  if (!posted.ok) return describeLoss(posted);
  // A modern server has no way to ask but its answer.
  const conversation = converse(call, { say: () => undefined, refuse: () => undefined });
  return findKept(await readAnswer(posted.response, wantAnswer(deps, call, conversation)));
}

/** Calls a legacy server within the caller's session. Rejects when `call.signal` aborts, after telling the server. */
export async function attemptLegacy(
  deps: AttemptDeps,
  sidecar: DiscoveredSidecar,
  call: UpstreamCall,
): Promise<Attempt> {
  const first = await attemptInSession(deps, sidecar, call);
  // The server has ended the session and so did not run the call: once more in a new one, whose answer stands.
  return first.hasSessionEnded ? (await attemptInSession(deps, sidecar, call)).attempt : first.attempt;
}

interface SessionAttempt {
  readonly attempt: Attempt;
  readonly hasSessionEnded: boolean;
}

async function attemptInSession(
  deps: AttemptDeps,
  sidecar: DiscoveredSidecar,
  call: UpstreamCall,
): Promise<SessionAttempt> {
  const going = (attempt: Attempt): SessionAttempt => ({ attempt, hasSessionEnded: false });
  const key: SessionKey = { sidecar, caller: call.caller, capabilities: call.capabilities };
  const opened = await deps.sessions.get(key);
  call.signal.throwIfAborted();
  if (opened.kind === "error") return going(findKept(opened));
  if (opened.kind === "failed") return going({ kind: "unsent", detail: opened.detail });
  const { session } = opened;
  const release = deps.sessions.hold(key);
  const line = { deps, sidecar, session };
  const cancel = (): void => void sayAside(line, buildCancelled(session.voice, call.id));
  call.signal.addEventListener("abort", cancel, { once: true });
  const { conversation, missing } = listenTo(line, call);
  let leave: (() => void) | undefined;
  try {
    await wantLogs(line, call);
    leave = await hearAside({ ...line, streams: deps.streams }, call, conversation.hear);
    const message = buildCall(session.voice, call);
    const { dispatcher } = deps;
    const headers = { ...session.headers, ...describeCall(call) };
    const posted = await exchange({ dispatcher, sidecar, message, headers, signal: call.signal });
    if (!posted.ok) return going(describeLoss(posted));
    const hasSessionEnded = hasEnded(posted.response.statusCode, session);
    if (hasSessionEnded) deps.sessions.forget(key, session);
    return { attempt: await hearOut(line, { call, first: posted.response, conversation }, missing), hasSessionEnded };
  } finally {
    leave?.();
    conversation.end();
    call.signal.removeEventListener("abort", cancel);
    release();
  }
}

/** 404 is the word of the specification; some servers say 400. Neither runs the call. */
function hasEnded(statusCode: number, session: UpstreamSession): boolean {
  return session.headers["mcp-session-id"] !== undefined && (statusCode === 404 || statusCode === 400);
}

/** By these a sidecar says that its server did not run a call. With credentials another replica may be ahead of it. */
const keptReasons: readonly unknown[] = [
  "CircuitOpen",
  "UpstreamStarting",
  "UpstreamCredentialsUnavailable",
  "UpstreamCredentialsRefused",
] satisfies WireReason[];

/** A server that lies here is called again on its own replicas, and harms nobody else. */
function findKept(answer: Answer): Attempt {
  if (answer.kind !== "error") return answer;
  const { data } = answer.error;
  const detail = isRecord(data) ? data["outrigger"] : undefined;
  return isRecord(detail) && keptReasons.includes(detail["reason"]) ? { kind: "kept", error: answer.error } : answer;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

interface Line {
  readonly deps: AttemptDeps;
  readonly sidecar: DiscoveredSidecar;
  readonly session: UpstreamSession;
}

/** The level of a legacy session is one for all its calls: it only ever goes down, and each call hears what it asked for. */
async function wantLogs(line: Line, call: UpstreamCall): Promise<void> {
  const { session } = line;
  const { logLevel } = call.voice;
  if (logLevel === undefined || !session.hasLogging) return;
  const known = session.logLevel === undefined ? logLevels.length : logLevels.indexOf(session.logLevel);
  if (logLevels.indexOf(logLevel) >= known) return;
  session.logLevel = logLevel;
  const request = { id: `level-${call.id}`, method: "logging/setLevel", params: { level: logLevel } };
  await sayAside(line, buildRequest(session.voice, request));
}

/** What the server says on the way; `missing`: what it asked in vain for, so far. */
function listenTo(line: Line, call: UpstreamCall): { conversation: Conversation; missing: () => string | undefined } {
  let missing: string | undefined;
  const conversation = converse(call, {
    say: (message) => void sayAside(line, message),
    refuse: (capability) => {
      missing ??= capability;
    },
  });
  return { conversation, missing: () => missing };
}

/** Reads the answer. A server that asked in vain may still have found a way. */
async function hearOut(line: Line, heard: Heard, missingNow: () => string | undefined): Promise<Attempt> {
  const answer = await readToTheEnd(line, heard);
  const missing = missingNow();
  const hasFailed = answer.kind !== "result" || answer.result["isError"] === true;
  return missing !== undefined && hasFailed ? { kind: "unable", capability: missing, answer } : findKept(answer);
}

interface Heard {
  readonly call: UpstreamCall;
  readonly first: Dispatcher.ResponseData;
  readonly conversation: Conversation;
}

/** Reads the answer, and goes on with a GET where the server closes the stream and wants to be asked again. */
async function readToTheEnd(line: Line, { call, first, conversation }: Heard): Promise<Answer> {
  const { deps, sidecar, session } = line;
  const wanted = wantAnswer(deps, call, conversation);
  let answer = await readAnswer(first, wanted);
  for (let count = 0; answer.kind === "paused" && count < mostResumptions; count++) {
    await sleep(Math.min(answer.retryMs ?? 1_000, longestRetryMs), undefined, { signal: call.signal });
    const headers = {
      accept: "text/event-stream",
      "last-event-id": answer.lastEventId,
      ...(session.voice.version === undefined ? {} : { "mcp-protocol-version": session.voice.version }),
      ...session.headers,
    };
    const resumed = await exchange({
      dispatcher: deps.dispatcher,
      sidecar,
      method: "GET",
      headers,
      signal: call.signal,
    });
    if (!resumed.ok) return { kind: "broken", detail: "Its stream ended early and can't be resumed." };
    answer = await readAnswer(resumed.response, wanted);
  }
  return answer.kind === "paused" ? { kind: "broken", detail: "Its stream ended early again and again." } : answer;
}

function wantAnswer(deps: AttemptDeps, call: UpstreamCall, { hear }: Conversation) {
  return { id: call.id, maxBytes: deps.maxAnswerBytes, onMessage: hear };
}

/** Says something to the server within its session; nobody waits for the outcome. */
async function sayAside({ deps, sidecar, session }: Line, message: OutgoingMessage): Promise<void> {
  const { version } = session.voice;
  const headers = { ...session.headers, ...(version === undefined ? {} : { "mcp-protocol-version": version }) };
  const signal = AbortSignal.timeout(asideMs);
  try {
    const posted = await exchange({ dispatcher: deps.dispatcher, sidecar, message, headers, signal });
    if (posted.ok) await posted.response.body.dump();
  } catch {
    // The call that it was about is over or will fail by itself.
  }
}

function describeLoss(posted: Extract<Posted, { ok: false }>): Attempt {
  if (posted.isUnsent) return { kind: "unsent", detail: posted.detail };
  return { kind: "lost", detail: `The connection broke (${posted.detail}).` };
}
