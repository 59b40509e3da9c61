/** Turns an exchange into records: one per message, whatever became of it. Reads the two sides, writes to the recorder. */
import type { Reason } from "@outrigger/api/reasons";
import type { Outcome } from "./answer-body.ts";
import type { CallDeps, Decided, Exchange, Judged, Told } from "./exchange.ts";
import type { Item } from "./message.ts";
import type { CallRecord } from "./record.ts";

/** What one message was about and what became of it. */
export interface Described {
  readonly method: string;
  readonly name?: string | undefined;
  readonly isTool: boolean;
  readonly decision: "allow" | "deny";
  readonly reason: Reason;
  /** The message, where it could be read. */
  readonly item?: Item | undefined;
}

/** Describes a decided message. */
export function describe({ item, decision }: Judged, reason: Reason = decision.reason): Described {
  const method = item.message.method ?? "response";
  const decided = decision.action === "forward" ? "allow" : "deny";
  return { method, name: decision.name, isTool: method === "tools/call", decision: decided, reason, item };
}

/** Records what was forwarded, now that the answer has ended. */
export function recordForwarded(deps: CallDeps, exchange: Decided, outcome: Outcome): void {
  const reason: Reason = outcome === "answered" ? "Allowed" : outcome;
  if (exchange.form === "none") {
    recordExchange(deps, exchange, { method: exchange.received.method, isTool: false, decision: "allow", reason });
    return;
  }
  for (const judged of exchange.allowed) recordExchange(deps, exchange, describe(judged, reason));
}

/** Records one message of an exchange. */
export function recordExchange(deps: CallDeps, exchange: Exchange, described: Described): void {
  const { method, name, isTool, decision, reason, item } = described;
  tell(deps, exchange, {
    method,
    name,
    isTool,
    decision,
    reason,
    item,
    caller: exchange.received.caller,
    durationMs: deps.now() - exchange.received.startedMs,
    requestBytes: exchange.received.body?.length ?? 0,
    responseBytes: exchange.client.bytes(),
    httpStatus: exchange.client.status(),
  });
}

/** Records a request that was refused before its body was read. */
export function recordArrival(
  deps: CallDeps,
  received: Pick<Exchange["received"], "headers" | "caller">,
  refused: { readonly reason: Reason; readonly status: number; readonly responseBytes: number },
): void {
  tell(
    deps,
    { received, policy: deps.policy() },
    {
      ...{ method: "unread", isTool: false, decision: "deny", reason: refused.reason, caller: received.caller },
      ...{ durationMs: 0, requestBytes: 0, responseBytes: refused.responseBytes, httpStatus: refused.status },
    },
  );
}

function tell(deps: CallDeps, exchange: Told, call: CallRecord): void {
  deps.recorder.record(call);
  deps.telemetry?.record(exchange, call);
}
