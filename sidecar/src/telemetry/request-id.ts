/**
 * The id that joins what several programs say of one request: the header `Outrigger-Request-Id` that the aggregator sets, else the
 * trace, else one of our own. It is a name to search by and no proof: whoever calls may choose it.
 */
import { requestIdHeader } from "@outrigger/api/caller";
import type { Told } from "../call/exchange.ts";
import type { Item } from "../call/message.ts";
import { parseTraceParent } from "@outrigger/runtime/trace-context";

const given = /^[A-Za-z0-9._:-]{1,64}$/;

/** Creates the function that names a request; ids of our own are `prefix` and a number. */
export function createIds(prefix: string): (exchange: Told, item: Item | undefined) => string {
  let count = 0;
  return (exchange, item) => {
    const header = exchange.received.headers[requestIdHeader];
    if (typeof header === "string" && given.test(header)) return header;
    const traceId = exchange.watched?.span?.traceId ?? traceIdOf(exchange, item);
    return traceId ?? `${prefix}-${++count}`;
  };
}

function traceIdOf({ received }: Told, item: Item | undefined): string | undefined {
  const header = received.headers["traceparent"];
  const inBody = item?.message.meta?.get("traceparent");
  return (parseTraceParent(inBody) ?? parseTraceParent(typeof header === "string" ? header : undefined))?.traceId;
}
