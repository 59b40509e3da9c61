/** Sends what is allowed to the server and keeps the exchange together until its end: deadline, abort, tickets, outcome. */
import { release } from "@outrigger/policy";
import type { UpstreamCall, UpstreamRequest, UpstreamSink } from "../upstream/upstream.ts";
import type { Outcome } from "./answer-body.ts";
import { createAnswerSink } from "./answer.ts";
import type { Deadline } from "./deadlines.ts";
import type { ListKind } from "./decide.ts";
import type { CallDeps, Decided, RunningCall } from "./exchange.ts";
import { createAnswerFilter, joinBatch, keyOfId, type AnswerFilter } from "./filter.ts";
import { buildForwardHeaders } from "./forward.ts";
import { recordForwarded } from "./record-exchange.ts";
import type { RefusedCall } from "./refuse.ts";

/** The moving parts of an exchange. */
interface Running {
  upstream: UpstreamCall | undefined;
  deadline: Deadline | undefined;
  finished: boolean;
}

/** Starts the exchange with the server. Answers to refused messages of a batch are added to the server's. */
export function send(deps: CallDeps, exchange: Decided): RunningCall {
  const running: Running = { upstream: undefined, deadline: undefined, finished: false };
  const abort = (): void => running.upstream?.abort();
  const finish = (outcome: Outcome): void => {
    if (running.finished) return;
    running.finished = true;
    running.deadline?.clear();
    for (const { decision } of exchange.allowed)
      if (decision.ticket !== undefined) release(deps.limits, decision.ticket);
    deps.onOutcome(outcome);
    recordForwarded(deps, exchange, outcome);
  };
  const call = findWaiting(deps, exchange);
  const filter = createFilter(deps, exchange);
  const sink = createAnswerSink({
    client: exchange.client,
    additions: exchange.refused.map(({ decision }) => decision.refusal.body),
    maxResponseBytes: deps.policy().compiled.maxResponseBytes,
    budget: deps.budget,
    abort,
    onFinished: finish,
    ...(call === undefined ? {} : { call }),
    ...(filter === undefined ? {} : { filter }),
  });
  if (call !== undefined && call.method !== "subscriptions/listen") running.deadline = startDeadline(deps, sink, abort);
  running.upstream = deps.upstream.send(buildRequest(deps, exchange), touching(sink, running));
  return {
    onDrain: () => running.upstream?.resume(),
    onGone: () => {
      if (running.finished) return;
      if (outlivesClient(exchange, call)) running.upstream?.resume();
      else {
        abort();
        finish("answered");
      }
    },
  };
}

/** A legacy client that leaves has not cancelled: it may resume the stream elsewhere. Everyone else's leaving ends the call. */
function outlivesClient(exchange: Decided, call: RefusedCall | undefined): boolean {
  return exchange.era === "legacy" && exchange.form !== "none" && call !== undefined;
}

function startDeadline(deps: CallDeps, sink: UpstreamSink, abort: () => void): Deadline {
  return deps.deadlines.start(deps.callTimeoutMs, () => {
    abort();
    const seconds = Math.round(deps.callTimeoutMs / 1_000);
    sink.onFailure({
      reason: "UpstreamTimeout",
      message: `the server did not answer within ${seconds} seconds`,
      sent: true,
    });
  });
}

/** While bytes flow the deadline starts anew. */
function touching(sink: UpstreamSink, running: Running): UpstreamSink {
  return {
    ...sink,
    onData: (chunk) => {
      running.deadline?.touch();
      return sink.onData(chunk);
    },
  };
}

function buildRequest(deps: CallDeps, exchange: Decided): UpstreamRequest {
  const { received, allowed, refused, form } = exchange;
  const session = received.headers["mcp-session-id"];
  const body = refused.length > 0 ? joinBatch(allowed.map(({ item }) => item.bytes)) : received.body;
  const message = form === "message" ? allowed[0]?.item.message : undefined;
  return {
    method: received.method,
    path: received.path,
    headers: buildForwardHeaders(received.rawHeaders, deps.forward),
    caller: received.caller,
    ...(body === undefined ? {} : { body }),
    ...(message === undefined ? {} : { message }),
    ...(form === "batch" ? { batch: allowed.map(({ item }) => item) } : {}),
    ...(typeof session === "string" ? { sessionId: session } : {}),
  };
}

/**
 * Filters the answers to list requests: by id, else by shape. A GET stream may replay answers of an earlier request, and a server may
 * write an id in another way than it came.
 */
function createFilter(deps: CallDeps, exchange: Decided): AnswerFilter | undefined {
  const lists = new Map<string, ListKind>();
  for (const { item, decision } of exchange.allowed) {
    if (decision.list !== undefined) lists.set(keyOfId(item.message.id), decision.list);
  }
  if (lists.size === 0 && exchange.received.method !== "GET") return undefined;
  return createAnswerFilter(() => deps.policy().compiled, { lists, byShape: true });
}

/** The request that the client waits for, if any; of a batch the first. */
function findWaiting(deps: CallDeps, exchange: Decided): RefusedCall | undefined {
  const waiting = exchange.allowed.find(({ item }) => item.message.type === "request")?.item.message;
  if (waiting === undefined) return undefined;
  const { idBytes, method, name } = waiting;
  return {
    era: exchange.era,
    server: deps.server,
    ...(idBytes === undefined ? {} : { idBytes }),
    ...(method === undefined ? {} : { method }),
    ...(name === undefined ? {} : { name }),
  };
}
