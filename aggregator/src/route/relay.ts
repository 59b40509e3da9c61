/**
 * Carries a call to a server and its answer back: have it woken where it sleeps, choose a replica, try it, try another (or wait) where
 * the call can't have arrived, and turn every other end into an outcome that concerns this caller alone. Decides nothing about who may
 * call what.
 */
import { setTimeout as pause } from "node:timers/promises";
import { rpcCodes, type WireReason } from "@outrigger/api/errors";
import type { ClientInfo, Era } from "@outrigger/mcp";
import type { Dispatcher } from "undici";
import type { Principal } from "../auth/principal.ts";
import type { CallTarget } from "../catalog/target.ts";
import type { SidecarView } from "../catalog/view.ts";
import type { DiscoveredSidecar } from "../discovery/source.ts";
import { attemptLegacy, attemptModern, type Attempt, type AttemptDeps } from "./attempt.ts";
import { bridgeError, bridgeResult, type BridgedTo } from "./bridge.ts";
import { describeWait, tellProgress } from "../wake/tell.ts";
import type { Waker } from "../wake/waker.ts";
import { failCall, type CallOutcome, type FailureFacts } from "./failure.ts";
import { startDeadline, type Deadline } from "./deadline.ts";
import { createHedgeBudget, hedgeCall } from "./hedge.ts";
import { mayReturn, outageBounds, type OutageBounds } from "./outage.ts";
import type { RelayCall } from "./relay-call.ts";
import { createReplicas } from "./replicas.ts";
import { tryReplicas } from "./try-replicas.ts";
import { relayCapabilities, takesTasks } from "./request.ts";
import { createUpstreamSessions } from "./sessions.ts";
import { createSessionStreams } from "./watch/session-streams.ts";
import { createWatches, type Watches } from "./watch/watches.ts";
import type { UpstreamCall } from "./upstream-call.ts";

/** What the relay needs. `replicasOf` gives the sidecars whose server has the target. Times in ms. */
export interface RelayOptions {
  readonly dispatcher: Dispatcher;
  readonly clientInfo: ClientInfo;
  readonly replicasOf: (target: CallTarget) => readonly SidecarView[];
  /** The sidecar as it is dialled for a caller; without it no server hears who calls. */
  readonly dialFor?: (principal: Principal, sidecar: DiscoveredSidecar) => DiscoveredSidecar;
  readonly nowMs: () => number;
  readonly deadlineMs?: number;
  readonly maxAnswerBytes?: number;
  readonly sessionIdleMs?: number;
  readonly outage?: OutageBounds;
  /** From 0 up to 1: for choices and waits. */
  readonly random: () => number;
  /** A replica was ejected. */
  readonly onEject?: () => void;
  /** Wakes servers that sleep; without it none does. */
  readonly waker?: Pick<Waker, "wake" | "waiting">;
}

/** The relay with its upstream sessions. */
export interface Relay {
  /** Rejects only when the caller's signal aborts. */
  readonly call: (call: RelayCall) => Promise<CallOutcome>;
  /** Tells of the changes of a resource. */
  readonly watch: Watches["watch"];
  /** A caller's session has ended: its upstream sessions end too. */
  readonly endCaller: (caller: string) => void;
  /** Forgets sessions with sidecars that are gone. */
  readonly keepOnly: (sidecarKeys: ReadonlySet<string>) => void;
  /** Calls under way, and those that wait for a server to wake. */
  readonly inFlight: () => number;
  readonly stop: () => Promise<void>;
}

const defaultDeadlineMs = 120_000;
const defaultMaxAnswerBytes = 32 * 1024 * 1024;
const defaultSessionIdleMs = 10 * 60_000;
/** When a caller may try again that got a replica's loss as its answer: the others are well, or the server is started again. */
const retryAfterLossMs = 1_000;

/** Creates the relay. */
export function createRelay(options: RelayOptions): Relay {
  const { dispatcher, clientInfo, nowMs, replicasOf } = options;
  const deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
  const idleMs = options.sessionIdleMs ?? defaultSessionIdleMs;
  const sessions = createUpstreamSessions({ dispatcher, clientInfo, nowMs, idleMs });
  const maxAnswerBytes = options.maxAnswerBytes ?? defaultMaxAnswerBytes;
  const streams = createSessionStreams(dispatcher);
  const deps: AttemptDeps = { dispatcher, sessions, clientInfo, maxAnswerBytes, streams };
  const dialFor = options.dialFor ?? ((_principal, sidecar) => sidecar);
  const replicas = createReplicas(options);
  const hedges = createHedgeBudget();
  const outage = options.outage ?? outageBounds;
  const watches = createWatches({
    dispatcher,
    clientInfo,
    sessions,
    streams,
    replicasOf,
    dialFor,
    random: options.random,
  });
  let waiting = 0;
  let lastId = 0;

  const tryReplica = async (view: SidecarView, call: RelayCall, until: Until): Promise<Attempt> => {
    const era = view.feed?.era;
    if (era === undefined) return { kind: "unsent", detail: "It has not answered its sidecar yet." };
    const end = replicas.begin(call, view);
    try {
      const remainingMs = (): number => until.endsAtMs() - nowMs();
      const { signal, pauseTime } = until;
      const upstream = { ...toUpstreamCall(call, ++lastId, era), signal, remainingMs, pauseTime };
      const attempt = era === "modern" ? attemptModern : attemptLegacy;
      const answer = await attempt(deps, dialFor(call.principal, view.sidecar), upstream);
      if (answer.kind === "result") call.onResult?.(view.sidecar.key);
      return answer;
    } catch (error) {
      if (until.signal.aborted) throw error;
      const detail = `The connection broke (${error instanceof Error ? error.message : "unknown"}).`;
      return { kind: "lost", detail };
    } finally {
      end();
    }
  };

  const mayWait = (call: RelayCall, startedMs: number): boolean =>
    waiting < outage.maxWaiting &&
    nowMs() - startedMs < outage.waitMs &&
    mayReturn(replicasOf(call.target), nowMs(), outage.waitMs);

  /** Holds the call while its server wakes; tells why it may not go on, or true where it had to wait. */
  const wakeServer = async (
    call: RelayCall,
    until: Until,
    tellWaiting: () => void,
  ): Promise<FailureFacts | boolean> => {
    const bounds = { signal: call.signal, endsAtMs: until.endsAtMs(), onWait: tellWaiting };
    const wait = await options.waker?.wake(call.target, bounds);
    return wait === undefined ? false : (describeWait(wait) ?? true);
  };

  const tryUntilSent = async (given: RelayCall, until: Until): Promise<CallOutcome> => {
    const { call, tellWaiting } = announceWaiting(given);
    let startedMs = nowMs();
    for (;;) {
      const woken = await wakeServer(call, until, tellWaiting);
      if (typeof woken === "object") return failWith(woken, call);
      if (woken) startedMs = nowMs();
      const attempt = await tryReplicas(call, {
        ...{ replicas, random: options.random, signal: until.signal },
        list: () => replicasOf(call.target).filter(({ sidecar }) => call.at === undefined || sidecar.key === call.at),
        hedges,
        one: (view, { signal, isSecond }) => tryReplica(view, isSecond ? hedgeCall(call) : call, { ...until, signal }),
      });
      if (attempt.kind !== "unsent") return finish(attempt, call);
      const { detail } = attempt;
      if (!mayWait(call, startedMs)) return fail("UpstreamUnavailable", call, detail === "" ? undefined : detail);
      waiting++;
      try {
        await pause(outage.pauseMs, undefined, { signal: until.signal });
      } finally {
        waiting--;
      }
    }
  };

  return {
    call: async (call) => {
      call.signal.throwIfAborted();
      const deadline = startDeadline(deadlineMs, nowMs);
      try {
        const signal = AbortSignal.any([call.signal, deadline.signal]);
        return await tryUntilSent(call, { ...deadline, signal });
      } catch (error) {
        if (call.signal.aborted || !deadline.signal.aborted) throw error;
        return fail("UpstreamTimeout", call, `It had ${deadlineMs / 1_000} s.`);
      } finally {
        deadline.end();
      }
    },
    endCaller: (caller) => {
      replicas.endCaller(caller);
      sessions.endCaller(caller);
    },
    keepOnly: (sidecarKeys) => {
      replicas.keepOnly(sidecarKeys);
      sessions.keepOnly(sidecarKeys);
    },
    inFlight: () => replicas.inFlight() + (options.waker?.waiting() ?? 0),
    watch: watches.watch,
    stop: () => {
      watches.stop();
      return sessions.stop();
    },
  };
}

/** The end of a call: the caller does not wait any more, or its time is over. */
type Until = Omit<Deadline, "end">;

function toUpstreamCall(
  call: RelayCall,
  id: number,
  serverEra: Era,
): Omit<UpstreamCall, "signal" | "remainingMs" | "pauseTime"> {
  const { target, request, voice, meta, caller, principal, requestId, headers = {} } = call;
  const inputSchema = target.definition?.["inputSchema"];
  const capabilities = relayCapabilities(voice, serverEra);
  return { id, request, voice, capabilities, inputSchema, meta, caller, principal, requestId, headers };
}

/** The call with its progress, and what tells that it waits: nothing, where the caller asked for none. */
function announceWaiting(call: RelayCall): { readonly call: RelayCall; readonly tellWaiting: () => void } {
  if (call.voice.onProgress === undefined) return { call, tellWaiting: () => undefined };
  const { tellWaiting, onProgress } = tellProgress(call.voice.onProgress);
  return { call: { ...call, voice: { ...call.voice, onProgress } }, tellWaiting };
}

function fail(reason: WireReason, call: RelayCall, detail: string | undefined): CallOutcome {
  return failWith(detail === undefined ? { reason } : { reason, detail }, call);
}

function failWith({ reason, ...facts }: FailureFacts, call: RelayCall): CallOutcome {
  const { server, publicName } = call.target;
  const { method } = call.request;
  const outcome = failCall(reason, { server, name: publicName, method, ...facts });
  if (outcome.kind === "error") return outcome;
  const bridged = bridgeResult(outcome.result, bridgedTo(call));
  return bridged.ok ? { kind: "result", result: bridged.result } : outcome;
}

const bridgedTo = ({ callerEra, request, voice }: RelayCall): BridgedTo => {
  return { callerEra, method: request.method, takesTasks: takesTasks(voice.capabilities) };
};

/** Errors that say that our request was wrong, though the caller's was not. */
const ourFault: readonly number[] = [rpcCodes.headerMismatch, rpcCodes.unsupportedVersion];

function finish(answer: Exclude<Attempt, { kind: "unsent" }>, call: RelayCall): CallOutcome {
  switch (answer.kind) {
    case "result": {
      const bridged = bridgeResult(answer.result, bridgedTo(call));
      if (bridged.ok) return { kind: "result", result: bridged.result };
      return fail("UpstreamBroken", call, `It sent a result of type ${bridged.resultType}.`);
    }
    case "error":
      if (ourFault.includes(answer.error.code)) return fail("Internal", call, answer.error.message);
      return { kind: "error", error: bridgeError(answer.error, bridgedTo(call)) };
    case "kept":
      return { kind: "error", error: answer.error };
    case "lost":
      return failWith({ reason: "ReplicaLost", detail: answer.detail, retryAfterMs: retryAfterLossMs }, call);
    case "unable":
      // A legacy caller reads what its server says of it.
      return call.callerEra === "legacy" ? finish(answer.answer, call) : refuseFor(answer.capability);
    case "tooLarge":
      return fail("ResponseTooLarge", call, `At most ${answer.limitBytes} bytes are relayed.`);
    case "broken":
      return fail("UpstreamBroken", call, answer.detail);
    case "paused":
      return fail("UpstreamBroken", call, "The event stream ended before the response.");
  }
}

/** The server asks for what the caller can't be asked in the middle of a call. Source: MCP 2026-07-28 "Error codes". */
function refuseFor(capability: string): CallOutcome {
  const message = `The server asks for ${capability} while it works, which can't be relayed to this caller.`;
  const data = { requiredCapabilities: { [capability]: {} } };
  return { kind: "error", error: { code: rpcCodes.missingCapability, message, data } };
}
