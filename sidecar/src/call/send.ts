/** Sends what is allowed to the server and keeps the exchange together until its end: deadline, abort, tickets, outcome. */
import { callerHeader } from "@outrigger/api/caller";
import { release, type CompiledPolicy } from "@outrigger/policy";
import type { UpstreamCall, UpstreamRequest, UpstreamSink } from "../upstream/upstream.ts";
import type { Outcome } from "./answer-body.ts";
import { createAnswerSink } from "./answer.ts";
import { boundExchange } from "./bounds.ts";
import type { Share } from "./budget.ts";
import { passTimeOn, remainingMs } from "./call-time.ts";
import { chooseFilter } from "./choose-filter.ts";
import type { Deadline } from "./deadlines.ts";
import type { CallDeps, Decided } from "./exchange.ts";
import type { RunningCall } from "./running-call.ts";
import { joinBatch } from "./filter.ts";
import { buildForwardHeaders } from "./forward.ts";
import type { Received } from "./received.ts";
import { recordForwarded } from "./record-exchange.ts";
import { createRewriter, rewrites } from "./redact/rewrite.ts";
import type { RefusedCall } from "./refuse.ts";
import { learnTasks } from "./tasks-learn.ts";

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
    deps.onOutcome(outcome, exchange.client.status());
    recordForwarded(deps, exchange, outcome);
  };
  const call = findWaiting(deps, exchange);
  const filter = chooseFilter(deps, exchange);
  const { compiled } = deps.policy();
  const inForce = (): CompiledPolicy => deps.policy().compiled;
  // A stream without a request lives long: policy may come to ask for it later.
  const isRewritten = rewrites(compiled) || exchange.received.method === "GET";
  const { maxResponseBytes, maxDurationMs } = boundExchange(compiled, exchange.allowed);
  const sink = createAnswerSink({
    client: exchange.client,
    additions: exchange.refused.map(({ decision }) => decision.refusal.body),
    maxResponseBytes,
    budget: { open: () => (running.held = deps.budget.open()), held: deps.budget.held },
    abort,
    // While bytes flow the deadline starts anew.
    onBytes: () => running.deadline?.touch(),
    onFinished: finish,
    ...(call === undefined ? {} : { call }),
    ...filter,
    ...(isRewritten ? { rewriter: createRewriter(inForce, maxResponseBytes, deps.counts) } : {}),
  });
  if (call !== undefined && call.method !== "subscriptions/listen")
    running.deadline = startDeadline(deps, remainingMs(deps, exchange.received, maxDurationMs), {
      ...{ received: exchange.received, sink },
      abort: (why) => running.upstream?.abort(why),
    });
  const watched = deps.tasks === undefined ? sink : learnTasks(deps.tasks, exchange, sink);
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

/** A legacy client that leaves has not cancelled: it may resume the stream elsewhere. Everyone else's leaving ends the call. */
function outlivesClient(exchange: Decided, call: RefusedCall | undefined): boolean {
  return exchange.era === "legacy" && exchange.form !== "none" && call !== undefined;
}

function startDeadline(
  deps: CallDeps,
  wholeMs: number,
  end: { received: Received; sink: UpstreamSink; abort: UpstreamCall["abort"] },
): Deadline {
  const startedMs = deps.now();
  const onPassed = (why: "late" | "ending"): void => {
    if (why === "ending") {
      end.abort();
      end.sink.onFailure({ reason: "UpstreamUnavailable", message: unanswered, sent: true });
      return;
    }
    const isWhole = deps.now() - startedMs >= wholeMs;
    end.abort(isWhole ? undefined : "silent");
    const seconds = Math.round((isWhole ? deps.now() - end.received.startedMs : deps.callTimeoutMs) / 1_000);
    const silence = `the server did not answer within ${seconds} seconds`;
    const message = isWhole ? `the call may take no longer, after ${seconds} seconds` : silence;
    end.sink.onFailure({ reason: "UpstreamTimeout", message, sent: true });
  };
  return deps.deadlines.start(deps.callTimeoutMs, onPassed, wholeMs);
}

const unanswered = "the sidecar is stopping, and the server has not answered in the time that was left";

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
    ...findVouching(received),
    ...(body === undefined ? {} : { body }),
    ...(message === undefined ? {} : { message }),
    ...(form === "batch" ? { batch: allowed.map(({ item }) => item) } : {}),
    ...(typeof session === "string" ? { sessionId: session } : {}),
  };
}

/** The text that vouches for the caller. In the name of nobody in particular nothing can be called. */
function findVouching({ assertion, headers }: Received): Pick<UpstreamRequest, "assertion"> {
  if (assertion === undefined || assertion.kind === "Anonymous") return {};
  const text = headers[callerHeader];
  return typeof text === "string" ? { assertion: text } : {};
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
