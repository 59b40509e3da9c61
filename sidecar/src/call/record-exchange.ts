/** Turns an exchange into records: one per message, whatever became of it. Reads the two sides, writes to the recorder. */
import type { Reason } from "@outrigger/api/reasons";
import type { Outcome } from "./answer-body.ts";
import type { CallDeps, Decided, Exchange, Judged } from "./exchange.ts";

/** What one message was about and what became of it. */
export interface Described {
  readonly method: string;
  readonly name?: string;
  readonly isTool: boolean;
  readonly reason: Reason;
}

/** Describes a decided message. */
export function describe({ item, decision }: Judged): Described {
  const method = item.message.method ?? "response";
  const named = decision.name === undefined ? {} : { name: decision.name };
  return { method, reason: decision.reason, isTool: method === "tools/call", ...named };
}

/** Records what was forwarded, now that the answer has ended. */
export function recordForwarded(deps: CallDeps, exchange: Decided, outcome: Outcome): void {
  const reason: Reason = outcome === "answered" ? "Allowed" : outcome;
  if (exchange.form === "none") {
    recordExchange(deps, exchange, { method: exchange.received.method, isTool: false, reason });
    return;
  }
  for (const judged of exchange.allowed) recordExchange(deps, exchange, { ...describe(judged), reason });
}

/** Records one message of an exchange. */
export function recordExchange(deps: CallDeps, exchange: Exchange, described: Described): void {
  deps.recorder.record({
    ...described,
    caller: exchange.received.caller,
    durationMs: deps.now() - exchange.received.startedMs,
    requestBytes: exchange.received.body?.length ?? 0,
    responseBytes: exchange.client.bytes(),
    httpStatus: exchange.client.status(),
  });
}
