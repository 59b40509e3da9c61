/**
 * One exchange from the door to the record. The only file that knows the order of the stages:
 * receive -> identify -> scan -> decide -> forward -> answer -> record.
 */
import { isOpenStream } from "./choose-filter.ts";
import type { ClientSide } from "./client-side.ts";
import { decide, refuseStream } from "./decide.ts";
import type { CallDeps, Decided, Denied, Exchange, Forwarded } from "./exchange.ts";
import { answered, type RunningCall } from "./running-call.ts";
import type { Received } from "./received.ts";
import { joinBatch } from "./filter.ts";
import { describe, recordExchange } from "./record-exchange.ts";
import type { Refusal } from "./refuse.ts";
import { scanBody, type Scanned } from "./scan.ts";
import { send } from "./send.ts";
import { dispatchOrWait } from "./wait.ts";

/** Runs one exchange to its end. Returns at once; the handles stay valid until the answer is complete. */
export function runCall(deps: CallDeps, received: Received, client: ClientSide): RunningCall {
  const exchange: Exchange = { received, client, policy: deps.policy() };
  if (received.method !== "POST" || received.body === undefined) {
    return runStream(deps, exchange);
  }
  const scanned = scanBody(received.body, {
    protocolVersion: headerText(received, "mcp-protocol-version"),
    mcpMethod: headerText(received, "mcp-method"),
    mcpName: headerText(received, "mcp-name"),
  });
  if (scanned.kind !== "refused") {
    return dispatchOrWait(deps, decideAll(deps, exchange, scanned), {
      decide: () => decideAll(deps, { ...exchange, policy: deps.policy() }, scanned),
      dispatch: (decided) =>
        countAndDispatch(deps, deps.telemetry === undefined ? decided : deps.telemetry.watch(decided)),
    });
  }
  client.refuse(scanned.refusal);
  recordExchange(deps, exchange, { method: "unread", isTool: false, decision: "deny", reason: scanned.reason });
  return answered;
}

function countAndDispatch(deps: CallDeps, decided: Decided): RunningCall {
  if (deps.fleet === undefined) return dispatch(deps, decided);
  return deps.fleet.count(deps, decided, (counted) => dispatch(deps, counted));
}

function runStream(deps: CallDeps, exchange: Exchange): RunningCall {
  const refused = refuseStream(exchange.policy.compiled, deps.server);
  if (refused === undefined) return start(deps, { ...exchange, era: "legacy", form: "none", allowed: [], refused: [] });
  exchange.client.refuse(refused.refusal);
  const { reason } = refused;
  recordExchange(deps, exchange, { method: exchange.received.method, isTool: false, decision: "deny", reason });
  return answered;
}

function start(deps: CallDeps, exchange: Decided): RunningCall {
  if (deps.streams === undefined || !isOpenStream(exchange)) return send(deps, exchange);
  return deps.streams.open(exchange, (watched) => send(deps, watched));
}

function headerText(received: Received, name: string): string | undefined {
  const value = received.headers[name];
  return typeof value === "string" ? value : undefined;
}

function decideAll(deps: CallDeps, exchange: Exchange, scanned: Exclude<Scanned, { kind: "refused" }>): Decided {
  const items = scanned.kind === "batch" ? scanned.items : [scanned.item];
  const context = {
    policy: exchange.policy.compiled,
    limits: deps.limits,
    server: deps.server,
    caller: exchange.received.caller,
    nowMs: deps.now(),
    tasks: deps.tasks,
    received: exchange.received,
    book: deps.book,
    counts: deps.counts,
  };
  const allowed: Forwarded[] = [];
  const refused: Denied[] = [];
  for (const item of items) {
    const decision = decide(item, scanned.era, context);
    if (decision.action === "forward") allowed.push({ item, decision });
    else refused.push({ item, decision });
  }
  return { ...exchange, era: scanned.era, form: scanned.kind, allowed, refused };
}

function dispatch(deps: CallDeps, exchange: Decided): RunningCall {
  const { client, allowed, refused } = exchange;
  const [first] = refused;
  if (allowed.length > 0 || first === undefined) {
    for (const judged of refused) recordExchange(deps, exchange, describe(judged));
    return start(deps, exchange);
  }
  if (exchange.form === "message") client.refuse(first.decision.refusal);
  else client.refuse(refuseWholeBatch(refused, first.decision.refusal));
  for (const judged of refused) recordExchange(deps, exchange, describe(judged));
  return answered;
}

/**
 * A batch of nothing but refused messages never reaches the server. Who waits for an answer gets one, under the status that
 * all refusals share; where nobody waits, the first refusal stands for all.
 */
function refuseWholeBatch(refused: Decided["refused"], first: Refusal): Refusal {
  const waiting = refused.filter(({ item }) => item.message.type === "request");
  const isShared = refused.every(({ decision }) => decision.refusal.status === first.status);
  const body = waiting.length === 0 ? first.body : joinBatch(waiting.map(({ decision }) => decision.refusal.body));
  return {
    status: isShared ? first.status : 200,
    headers: ["content-type", "application/json"],
    body: body ?? first.body,
  };
}
