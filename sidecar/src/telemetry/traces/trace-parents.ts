/** Which trace an exchange belongs to: the places in which a context may stand, for the rule that chooses between them. */
import { findOrigins, type TraceOrigins } from "@outrigger/runtime/spans";
import type { Decided } from "../../call/exchange.ts";

/** Finds parent and link. Of a batch the header counts alone: its messages may belong to different traces. */
export function findExchangeOrigins(exchange: Decided): TraceOrigins {
  const [judged] = [...exchange.allowed, ...exchange.refused];
  const meta = exchange.form === "message" ? judged?.item.message.meta : undefined;
  const inBody = { traceparent: meta?.get("traceparent"), tracestate: meta?.get("tracestate") };
  return findOrigins(inBody, exchange.received.headers);
}
