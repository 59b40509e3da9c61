/**
 * Carries a call to a server and its answer back: have it woken where it sleeps, choose a replica, try it, try another (or wait) where
 * the call can't have arrived, and turn every other end into an outcome that concerns this caller alone. Decides nothing about who may
 * call what.
 */
import { setTimeout as pause } from "node:timers/promises";
import { rpcCodes, type WireReason } from "@outrigger/api/errors";
import type { ClientInfo, Era, JsonObject } from "@outrigger/mcp";
import type { Dispatcher } from "undici";
import type { Principal } from "../auth/principal.ts";
import type { ToolEntry } from "../catalog/entry.ts";
import type { SidecarView } from "../catalog/view.ts";
import { attemptLegacy, attemptModern, type Attempt, type AttemptDeps, type UpstreamCall } from "./attempt.ts";
import { bridgeResult } from "./bridge.ts";
import { describeWait, tellProgress } from "../wake/tell.ts";
import type { Waker } from "../wake/waker.ts";
import { failCall, type CallOutcome, type FailureFacts } from "./failure.ts";
import { mayReturn, outageBounds, type OutageBounds } from "./outage.ts";
import { pickReplica } from "./pick.ts";
import { createUpstreamSessions } from "./sessions.ts";

/** A call that was decided: allowed, and of this tool. `caller`: whose upstream sessions it may use, "" for nobody's in particular. */
export interface RelayCall {
  readonly tool: ToolEntry;
  readonly arguments: unknown;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly caller: string;
  readonly principal: Principal;
  readonly callerEra: Era;
  /** Joins what several programs say of the call. */
  readonly requestId: string;
  /** The trace that it belongs to, as headers carry it. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly onProgress?: (params: JsonObject) => void;
  /** The caller cancelled or has gone. */
  readonly signal: AbortSignal;
}

/** What the relay needs. `replicasOf` gives the sidecars whose server lists the tool. Times in ms. */
export interface RelayOptions {
  readonly dispatcher: Dispatcher;
  readonly clientInfo: ClientInfo;
  readonly replicasOf: (tool: ToolEntry) => readonly SidecarView[];
  readonly nowMs: () => number;
  readonly deadlineMs?: number;
  readonly maxAnswerBytes?: number;
  readonly sessionIdleMs?: number;
  readonly outage?: OutageBounds;
  /** Wakes servers that sleep; without it none does. */
  readonly waker?: Pick<Waker, "wake" | "waiting">;
}

/** The relay with its upstream sessions. */
export interface Relay {
  /** Rejects only when the caller's signal aborts. */
  readonly call: (call: RelayCall) => Promise<CallOutcome>;
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
const mostReplicasTried = 3;

/** Creates the relay. */
export function createRelay(options: RelayOptions): Relay {
  const { dispatcher, clientInfo, nowMs, replicasOf } = options;
  const deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
  const idleMs = options.sessionIdleMs ?? defaultSessionIdleMs;
  const sessions = createUpstreamSessions({ dispatcher, clientInfo, nowMs, idleMs });
  const maxAnswerBytes = options.maxAnswerBytes ?? defaultMaxAnswerBytes;
  const deps: AttemptDeps = { dispatcher, sessions, clientInfo, maxAnswerBytes };
  const underWay = new Map<string, number>();
  const homes = createHomes();
  const outage = options.outage ?? outageBounds;
  let waiting = 0;
  let lastId = 0;

  const choose = (call: RelayCall, tried: ReadonlySet<string>): SidecarView | undefined => {
    const views = replicasOf(call.tool).filter(({ sidecar }) => !tried.has(sidecar.key));
    const candidates = views.map(({ sidecar, state, feed }) => ({
      key: sidecar.key,
      state,
      isOut: feed?.breaker === "Open",
      isReady: sidecar.isReady && feed?.draining !== true,
      inFlight: underWay.get(sidecar.key) ?? 0,
    }));
    const key = pickReplica(candidates, homes.find(call));
    return views.find(({ sidecar }) => sidecar.key === key);
  };

  const tryReplica = async (view: SidecarView, call: RelayCall, until: Until): Promise<Attempt> => {
    const { key } = view.sidecar;
    const era = view.feed?.era;
    if (era === undefined) return { kind: "unsent", detail: "It has not answered its sidecar yet." };
    underWay.set(key, (underWay.get(key) ?? 0) + 1);
    homes.keep(call, key);
    try {
      const remainingMs = (): number => until.endsAtMs - nowMs();
      const upstream = { ...toUpstreamCall(call, ++lastId), signal: until.signal, remainingMs };
      const attempt = era === "modern" ? attemptModern : attemptLegacy;
      return await attempt(deps, view.sidecar, upstream);
    } catch (error) {
      if (until.signal.aborted) throw error;
      return {
        kind: "broken",
        detail: `The connection broke (${error instanceof Error ? error.message : "unknown"}).`,
      };
    } finally {
      const left = (underWay.get(key) ?? 1) - 1;
      if (left > 0) underWay.set(key, left);
      else underWay.delete(key);
    }
  };

  /** Each replica once; unsent or kept where none took the call. */
  const tryReplicas = async (call: RelayCall, until: Until): Promise<Attempt> => {
    const tried = new Set<string>();
    let last: Attempt = { kind: "unsent", detail: "" };
    let kept: Attempt | undefined;
    for (let count = 0; count < mostReplicasTried; count++) {
      const view = choose(call, tried);
      if (view === undefined) break;
      tried.add(view.sidecar.key);
      last = await tryReplica(view, call, until);
      if (last.kind === "kept") kept = last;
      else if (last.kind !== "unsent") return last;
    }
    // One that can be called again at a time that is known says more than one that can't be reached.
    return kept ?? last;
  };

  const mayWait = (call: RelayCall, startedMs: number): boolean =>
    waiting < outage.maxWaiting &&
    nowMs() - startedMs < outage.waitMs &&
    mayReturn(replicasOf(call.tool), nowMs(), outage.waitMs);

  /** Holds the call while its server wakes; tells why it may not go on, or true where it had to wait. */
  const wakeServer = async (
    call: RelayCall,
    until: Until,
    tellWaiting: () => void,
  ): Promise<FailureFacts | boolean> => {
    const bounds = { signal: call.signal, endsAtMs: until.endsAtMs, onWait: tellWaiting };
    const wait = await options.waker?.wake(call.tool, bounds);
    return wait === undefined ? false : (describeWait(wait) ?? true);
  };

  const tryUntilSent = async (given: RelayCall, until: Until): Promise<CallOutcome> => {
    const { call, tellWaiting } = announceWaiting(given);
    let startedMs = nowMs();
    for (;;) {
      const woken = await wakeServer(call, until, tellWaiting);
      if (typeof woken === "object") return failWith(woken, call);
      if (woken) startedMs = nowMs();
      const attempt = await tryReplicas(call, until);
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
      const deadline = new AbortController();
      const timer = setTimeout(() => deadline.abort(), deadlineMs);
      try {
        const signal = AbortSignal.any([call.signal, deadline.signal]);
        return await tryUntilSent(call, { signal, endsAtMs: nowMs() + deadlineMs });
      } catch (error) {
        if (call.signal.aborted || !deadline.signal.aborted) throw error;
        return fail("UpstreamTimeout", call, `It had ${deadlineMs / 1_000} s.`);
      } finally {
        clearTimeout(timer);
      }
    },
    endCaller: (caller) => {
      homes.endCaller(caller);
      sessions.endCaller(caller);
    },
    keepOnly: sessions.keepOnly,
    inFlight: () => [...underWay.values()].reduce((sum, count) => sum + count, 0) + (options.waker?.waiting() ?? 0),
    stop: sessions.stop,
  };
}

/** The end of a call: the caller does not wait any more, or its time is over. */
interface Until {
  readonly signal: AbortSignal;
  readonly endsAtMs: number;
}

/** Which replica of a server holds a caller's session. */
interface Homes {
  readonly find: (call: RelayCall) => string | undefined;
  readonly keep: (call: RelayCall, sidecarKey: string) => void;
  readonly endCaller: (caller: string) => void;
}

function createHomes(): Homes {
  const byCaller = new Map<string, Map<string, string>>();
  const serverOf = ({ tool }: RelayCall): string => `${tool.namespace}/${tool.server}`;
  return {
    find: (call) => byCaller.get(call.caller)?.get(serverOf(call)),
    keep: (call, sidecarKey) => {
      // Callers without a session are spread over the replicas.
      if (call.caller === "") return;
      const homes = byCaller.get(call.caller) ?? new Map<string, string>();
      byCaller.set(call.caller, homes.set(serverOf(call), sidecarKey));
    },
    endCaller: (caller) => void byCaller.delete(caller),
  };
}

function toUpstreamCall(call: RelayCall, id: number): Omit<UpstreamCall, "signal" | "remainingMs"> {
  return {
    id,
    tool: call.tool.name,
    arguments: call.arguments,
    inputSchema: call.tool.definition["inputSchema"],
    meta: call.meta,
    caller: call.caller,
    principal: call.principal,
    requestId: call.requestId,
    headers: call.headers ?? {},
    ...(call.onProgress === undefined ? {} : { onProgress: call.onProgress }),
  };
}

/** The call with its progress, and what tells that it waits: nothing, where the caller asked for none. */
function announceWaiting(call: RelayCall): { readonly call: RelayCall; readonly tellWaiting: () => void } {
  if (call.onProgress === undefined) return { call, tellWaiting: () => undefined };
  const { tellWaiting, onProgress } = tellProgress(call.onProgress);
  return { call: { ...call, onProgress }, tellWaiting };
}

function fail(reason: WireReason, call: RelayCall, detail: string | undefined): CallOutcome {
  return failWith(detail === undefined ? { reason } : { reason, detail }, call);
}

function failWith({ reason, ...facts }: FailureFacts, { tool, callerEra }: RelayCall): CallOutcome {
  const { server, publicName } = tool;
  const outcome = failCall(reason, { server, name: publicName, ...facts });
  if (outcome.kind === "error") return outcome;
  const bridged = bridgeResult(outcome.result, callerEra);
  return bridged.ok ? { kind: "result", result: bridged.result } : outcome;
}

/** Errors that say that our request was wrong, though the caller's was not. */
const ourFault: readonly number[] = [rpcCodes.headerMismatch, rpcCodes.unsupportedVersion];

function finish(answer: Exclude<Attempt, { kind: "unsent" }>, call: RelayCall): CallOutcome {
  switch (answer.kind) {
    case "result": {
      const bridged = bridgeResult(answer.result, call.callerEra);
      if (bridged.ok) return { kind: "result", result: bridged.result };
      return fail("UpstreamBroken", call, `It sent a result of type ${bridged.resultType}.`);
    }
    case "error":
      if (ourFault.includes(answer.error.code)) return fail("Internal", call, answer.error.message);
      return { kind: "error", error: answer.error };
    case "kept":
      return { kind: "error", error: answer.error };
    case "tooLarge":
      return fail("ResponseTooLarge", call, `At most ${answer.limitBytes} bytes are relayed.`);
    case "broken":
      return fail("UpstreamBroken", call, answer.detail);
    case "paused":
      return fail("UpstreamBroken", call, "The event stream ended before the response.");
  }
}
