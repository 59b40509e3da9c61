/**
 * One call to one replica: the request in the server's era, its answer, what comes on the way, and the end when the caller
 * gives up. Says whether the call can have reached the server; choosing a replica and trying another are `relay.ts`'s.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { requestIdHeader, timeoutHeader } from "@outrigger/api/caller";
import type { WireReason } from "@outrigger/api/errors";
import {
  buildNotification,
  buildRequest,
  type ClientInfo,
  type ClientVoice,
  type JsonObject,
  type OutgoingMessage,
  type RpcError,
} from "@outrigger/mcp";
import type { Dispatcher } from "undici";
import type { Principal } from "../auth/principal.ts";
import type { DiscoveredSidecar } from "../discovery/source.ts";
import { buildParamHeaders } from "./param-headers.ts";
import { exchange, type Posted } from "./post.ts";
import { readAnswer, type Answer } from "./read-answer.ts";
import type { UpstreamSession, UpstreamSessions } from "./sessions.ts";

/** A call as it goes to the server: its own tool name, arguments as given, and what the caller put into `_meta`. */
export interface UpstreamCall {
  readonly id: number;
  readonly tool: string;
  readonly arguments: unknown;
  readonly inputSchema: unknown;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly caller: string;
  readonly principal: Principal;
  /** Gets `params` of progress notifications; absent where the caller asked for none. */
  readonly onProgress?: (params: JsonObject) => void;
  /** Joins what this program, the sidecar and its audit say of the call. */
  readonly requestId: string;
  /** The trace that it belongs to, as headers carry it. */
  readonly headers: Readonly<Record<string, string>>;
  /** What is left of the call's whole time, in ms. */
  readonly remainingMs: () => number;
  /** Ends the attempt: the caller has gone or cancelled, or the deadline has passed. */
  readonly signal: AbortSignal;
}

/**
 * How an attempt ended. `unsent`: the call did not reach the server, so another replica may be tried; `kept`: the sidecar kept it from
 * the server, which it leaves alone for a while, and so does this.
 */
export type Attempt =
  Answer | { readonly kind: "unsent"; readonly detail: string } | { readonly kind: "kept"; readonly error: RpcError };

/** What attempts share. */
export interface AttemptDeps {
  readonly dispatcher: Dispatcher;
  readonly sessions: UpstreamSessions;
  readonly clientInfo: ClientInfo;
  readonly maxAnswerBytes: number;
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
  const voice: ClientVoice = { era: "modern", clientInfo: deps.clientInfo, clientCapabilities: {} };
  const headers = { ...buildParamHeaders(call.inputSchema, call.arguments), ...describeCall(call) };
  const { dispatcher } = deps;
  const posted = await exchange({ dispatcher, sidecar, message: buildCall(voice, call), headers, signal: call.signal });
  if (!posted.ok) return describeLoss(posted);
  const wanted = wantAnswer(deps, call, () => undefined);
  return findKept(await readAnswer(posted.response, wanted));
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
  const key = { sidecar, caller: call.caller };
  const opened = await deps.sessions.get(key);
  call.signal.throwIfAborted();
  if (opened.kind === "error") return going(findKept(opened));
  if (opened.kind === "failed") return going({ kind: "unsent", detail: opened.detail });
  const { session } = opened;
  const release = deps.sessions.hold(key);
  const line = { deps, sidecar, session };
  const cancel = (): void => void sayAside(line, buildCancelled(session.voice, call.id));
  call.signal.addEventListener("abort", cancel, { once: true });
  try {
    const message = buildCall(session.voice, call);
    const { dispatcher } = deps;
    const headers = { ...session.headers, ...describeCall(call) };
    const posted = await exchange({ dispatcher, sidecar, message, headers, signal: call.signal });
    if (!posted.ok) return going(describeLoss(posted));
    const hasSessionEnded = hasEnded(posted.response.statusCode, session);
    if (hasSessionEnded) deps.sessions.forget(key, session);
    return { attempt: findKept(await readToTheEnd(line, call, posted.response)), hasSessionEnded };
  } finally {
    call.signal.removeEventListener("abort", cancel);
    release();
  }
}

/** What the sidecar is told beside the message: what the call is to be joined with, and how long anybody will wait for it. */
function describeCall({ requestId, headers, remainingMs }: UpstreamCall): Readonly<Record<string, string>> {
  return { ...headers, [requestIdHeader]: requestId, [timeoutHeader]: String(Math.max(0, Math.floor(remainingMs()))) };
}

/** 404 is the word of the specification; some servers say 400. Neither runs the call. */
function hasEnded(statusCode: number, session: UpstreamSession): boolean {
  return session.headers["mcp-session-id"] !== undefined && (statusCode === 404 || statusCode === 400);
}

const keptReason: WireReason = "CircuitOpen";

/** A server that lies here is called again on its own replicas, and harms nobody else. */
function findKept(answer: Answer): Attempt {
  if (answer.kind !== "error") return answer;
  const { data } = answer.error;
  const detail = isRecord(data) ? data["outrigger"] : undefined;
  return isRecord(detail) && detail["reason"] === keptReason ? { kind: "kept", error: answer.error } : answer;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

interface Line {
  readonly deps: AttemptDeps;
  readonly sidecar: DiscoveredSidecar;
  readonly session: UpstreamSession;
}

/** Reads the answer, and goes on with a GET where the server closes the stream and wants to be asked again. */
async function readToTheEnd(line: Line, call: UpstreamCall, first: Dispatcher.ResponseData): Promise<Answer> {
  const { deps, sidecar, session } = line;
  const wanted = wantAnswer(deps, call, (request) => void sayAside(line, answerServer(request)));
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

function wantAnswer(deps: AttemptDeps, call: UpstreamCall, onRequest: (request: JsonObject) => void) {
  return {
    id: call.id,
    maxBytes: deps.maxAnswerBytes,
    onMessage: (message: JsonObject): void => {
      const params = message["params"];
      if (message["id"] !== undefined) onRequest(message);
      else if (message["method"] === "notifications/progress" && isOurProgress(params, call.id))
        call.onProgress?.(params);
    },
  };
}

function isOurProgress(params: unknown, token: number): params is JsonObject {
  return typeof params === "object" && params !== null && "progressToken" in params && params.progressToken === token;
}

function buildCall(voice: ClientVoice, call: UpstreamCall): OutgoingMessage {
  const meta = call.onProgress === undefined ? call.meta : { ...call.meta, progressToken: call.id };
  const params = {
    name: call.tool,
    ...(call.arguments === undefined ? {} : { arguments: call.arguments }),
    ...(Object.keys(meta).length === 0 ? {} : { _meta: meta }),
  };
  return buildRequest(voice, { id: call.id, method: "tools/call", params });
}

function buildCancelled(voice: ClientVoice, requestId: number): OutgoingMessage {
  const params = { requestId, reason: "The caller does not wait any more." };
  return buildNotification(voice, { method: "notifications/cancelled", params });
}

/** The answer to a request of the server: alive, or not something that is relayed. */
function answerServer(request: JsonObject): OutgoingMessage {
  const { id, method } = request;
  const message =
    method === "ping"
      ? { jsonrpc: "2.0", id, result: {} }
      : { jsonrpc: "2.0", id, error: { code: -32_601, message: "Requests to clients are not relayed." } };
  return {
    body: Buffer.from(JSON.stringify(message)),
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
  };
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
  return { kind: "broken", detail: `The connection broke (${posted.detail}).` };
}
