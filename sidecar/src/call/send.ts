/** Sends what is allowed to the server and keeps the exchange together until its end: deadline, abort, tickets, outcome. */
import { boundsOf, release, type CompiledPolicy } from "@outrigger/policy";
import type { UpstreamCall, UpstreamRequest, UpstreamSink } from "../upstream/upstream.ts";
import type { Outcome } from "./answer-body.ts";
import { createAnswerSink } from "./answer.ts";
import type { Share } from "./budget.ts";
import { passTimeOn, remainingMs } from "./call-time.ts";
import type { Deadline } from "./deadlines.ts";
import type { ListKind } from "./decide.ts";
import type { CallDeps, Decided } from "./exchange.ts";
import type { RunningCall } from "./running-call.ts";
import { createAnswerFilter, joinBatch, keyOfId, type AnswerFilter } from "./filter.ts";
import { buildForwardHeaders } from "./forward.ts";
import { viewOfEntry } from "./inspect/look.ts";
import { recordForwarded } from "./record-exchange.ts";
import { createRewriter, rewrites } from "./redact/rewrite.ts";
import type { RefusedCall } from "./refuse.ts";
import { learnTasks } from "./tasks-learn.ts";
import { isOwnTask, ownerOf } from "./tasks.ts";

/** The moving parts of an exchange. */
interface Running {
  upstream: UpstreamCall | undefined;
  deadline: Deadline | undefined;
  held: Share | undefined;
  finished: boolean;
}

/** Starts the exchange with the server. Answers to refused messages of a batch are added to the server's. */
export function send(deps: CallDeps, exchange: Decided): RunningCall {
  const running: Running = { upstream: undefined, deadline: undefined, held: undefined, finished: false };
  const abort = (): void => running.upstream?.abort();
  const finish = (outcome: Outcome): void => {
    if (running.finished) return;
    running.finished = true;
    running.deadline?.clear();
    // Whoever leaves in the middle of an answer leaves nothing of it held.
    running.held?.free();
    for (const { decision } of exchange.allowed)
      if (decision.ticket !== undefined) {
        release(deps.limits, decision.ticket);
        deps.waiting?.wake(decision.ticket.held);
      }
    deps.onOutcome(outcome);
    recordForwarded(deps, exchange, outcome);
  };
  const call = findWaiting(deps, exchange);
  const filter = createFilter(deps, exchange);
  const { compiled } = deps.policy();
  const inForce = (): CompiledPolicy => deps.policy().compiled;
  // A stream without a request lives long: policy may come to ask for it later.
  const isRewritten = rewrites(compiled) || exchange.received.method === "GET";
  const maxResponseBytes = compiled.bounds === undefined ? compiled.maxResponseBytes : boundAnswer(compiled, exchange);
  const sink = createAnswerSink({
    client: exchange.client,
    additions: exchange.refused.map(({ decision }) => decision.refusal.body),
    maxResponseBytes,
    budget: { open: () => (running.held = deps.budget.open()), held: deps.budget.held },
    abort,
    onFinished: finish,
    ...(call === undefined ? {} : { call }),
    ...(filter === undefined ? {} : { filter }),
    ...(isRewritten ? { rewriter: createRewriter(inForce, maxResponseBytes, deps.counts) } : {}),
  });
  if (call !== undefined && call.method !== "subscriptions/listen")
    running.deadline = startDeadline(deps, exchange, { sink, abort });
  const touched = touching(sink, running);
  const watched = deps.tasks === undefined ? touched : learnTasks(deps.tasks, exchange, touched);
  running.upstream = deps.upstream.send(buildRequest(deps, exchange), watched);
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

/** Of a batch the smallest: its answers come as one. */
function boundAnswer(policy: CompiledPolicy, exchange: Decided): number {
  const tools = exchange.allowed.flatMap(({ item: { message } }) =>
    message.method === "tools/call" && message.name !== undefined ? [message.name] : [],
  );
  return Math.min(policy.maxResponseBytes, ...tools.map((name) => boundsOf(policy, name).maxResponseBytes));
}

/** A legacy client that leaves has not cancelled: it may resume the stream elsewhere. Everyone else's leaving ends the call. */
function outlivesClient(exchange: Decided, call: RefusedCall | undefined): boolean {
  return exchange.era === "legacy" && exchange.form !== "none" && call !== undefined;
}

function startDeadline(
  deps: CallDeps,
  { received }: Decided,
  end: { sink: UpstreamSink; abort: () => void },
): Deadline {
  const wholeMs = remainingMs(deps, received);
  const startedMs = deps.now();
  const onPassed = (): void => {
    end.abort();
    const isWhole = deps.now() - startedMs >= wholeMs;
    const seconds = Math.round((isWhole ? deps.now() - received.startedMs : deps.callTimeoutMs) / 1_000);
    const silence = `the server did not answer within ${seconds} seconds`;
    const message = isWhole ? `the call may take no longer, after ${seconds} seconds` : silence;
    end.sink.onFailure({ reason: "UpstreamTimeout", message, sent: true });
  };
  return deps.deadlines.start(deps.callTimeoutMs, onPassed, wholeMs);
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
  const headers = passTimeOn(buildForwardHeaders(received.rawHeaders, deps.forward), deps, received);
  const body = refused.length > 0 ? joinBatch(allowed.map(({ item }) => item.bytes)) : received.body;
  const message = form === "message" ? allowed[0]?.item.message : undefined;
  return {
    method: received.method,
    path: received.path,
    headers: exchange.watched?.span === undefined ? headers : exchange.watched.span.headers(headers),
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
  const keepTask = createTaskFilter(deps, exchange);
  if (lists.size === 0 && keepTask === undefined && exchange.received.method !== "GET") return undefined;
  const { server, book } = deps;
  return createAnswerFilter(() => deps.policy().compiled, {
    lists,
    byShape: true,
    viewOf: (subject, entry) => viewOfEntry(subject, entry, { server, book, received: exchange.received }),
    ...(keepTask === undefined ? {} : { keepTask }),
  });
}

/** Which tasks of a list may be shown, where an answer may hold such a list. */
function createTaskFilter(deps: CallDeps, exchange: Decided): ((taskId: string) => boolean) | undefined {
  const { tasks } = deps;
  const isAsked =
    exchange.received.method === "GET" || exchange.allowed.some(({ item }) => item.message.method === "tasks/list");
  if (tasks === undefined || !isAsked) return undefined;
  const owner = ownerOf(exchange.received, exchange.era);
  const looker = { server: deps.server, book: deps.book, received: exchange.received };
  return (taskId) => isOwnTask(taskId, { policy: deps.policy().compiled, tasks, owner, looker });
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
