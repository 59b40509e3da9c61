/**
 * The id that joins what several programs say of one request: the header `Outrigger-Request-Id` that the aggregator sets, else the
 * trace, else one of our own. It is a name to search by and no proof: whoever calls may choose it.
 */
import { readRequestId, requestIdHeader } from "@outrigger/api/caller";
import type { Told } from "../call/exchange.ts";
import type { Item } from "../call/message.ts";
import { parseTraceParent } from "@outrigger/runtime/trace-context";

/** Creates the function that names a request; ids of our own are `prefix` and a number. */
export function createIds(prefix: string): (exchange: Told, item: Item | undefined) => string {
  let count = 0;
  return (exchange, item) => {
    const given = readRequestId(exchange.received.headers[requestIdHeader]);
    if (given !== undefined) return given;
    const traceId = exchange.watched?.span?.traceId ?? traceIdOf(exchange, item);
    return traceId ?? `${prefix}-${++count}`;
  };
}

function traceIdOf({ received }: Told, item: Item | undefined): string | undefined {
  const header = received.headers["traceparent"];
  const inBody = item?.message.meta?.get("traceparent");
  return (parseTraceParent(inBody) ?? parseTraceParent(typeof header === "string" ? header : undefined))?.traceId;
}
