/**
 * Which trace a call belongs to. What stands in the message (`params._meta.traceparent`) is the parent, because it comes from who
 * made the call, whatever lay between; the HTTP header's, if it is another, is linked (MCP semantic conventions of OpenTelemetry).
 */
import { parseTraceParent, type TraceParent } from "@outrigger/runtime/trace-context";
import type { Decided } from "../../call/exchange.ts";

/** A place in a trace, with the `tracestate` that came beside it. */
export interface Origin extends TraceParent {
  readonly state: string | undefined;
}

/** Parent and link of a call; undefined parent: a new trace. */
export interface TraceOrigins {
  readonly parent: Origin | undefined;
  readonly linked: Origin | undefined;
}

/** Finds both. Of a batch the header counts alone: its messages may belong to different traces. */
export function findOrigins(exchange: Decided): TraceOrigins {
  const { headers } = exchange.received;
  const inHeader = readOrigin(textOf(headers["traceparent"]), textOf(headers["tracestate"]));
  const [judged] = [...exchange.allowed, ...exchange.refused];
  const meta = exchange.form === "message" ? judged?.item.message.meta : undefined;
  const inBody = readOrigin(meta?.get("traceparent"), meta?.get("tracestate"));
  if (inBody === undefined) return { parent: inHeader, linked: undefined };
  const isSame = inHeader?.traceId === inBody.traceId && inHeader.spanId === inBody.spanId;
  return { parent: inBody, linked: isSame ? undefined : inHeader };
}

function readOrigin(parent: string | undefined, state: string | undefined): Origin | undefined {
  const read = parseTraceParent(parent);
  return read === undefined ? undefined : { ...read, state };
}

const textOf = (value: string | string[] | undefined): string | undefined =>
  typeof value === "string" ? value : undefined;
