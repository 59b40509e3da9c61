/**
 * How the context of a trace goes on to a sidecar: in the header and in `_meta`, which both name the span that the call is made from.
 * Where nothing is exported, what the caller sent passes as it came, so that its trace goes on behind this program. Pure.
 * Source: W3C Trace Context, W3C Baggage, SEP-414.
 */
import type { JsonObject } from "@outrigger/mcp";
import { writeContext, type Origin } from "@outrigger/runtime/spans";

/** What goes along with a call. */
export interface Carried {
  readonly headers: Readonly<Record<string, string>>;
  readonly meta: JsonObject;
}

const contextHeaders = ["traceparent", "tracestate"] as const;
const baggage = "baggage";

/** Carries it on. `context`: of the span that the call is made from; undefined where there is none. */
export function carryContext(
  context: Origin | undefined,
  arrived: { readonly headers: Readonly<Record<string, unknown>>; readonly meta: JsonObject },
): Carried {
  const { headers, meta } = arrived;
  if (context === undefined) return { headers: pick(headers, [...contextHeaders, baggage]), meta };
  const written = writeContext(context);
  const rest = Object.entries(meta).filter(([name]) => !contextHeaders.some((each) => each === name));
  return {
    headers: { ...pick(headers, [baggage]), ...written },
    meta: { ...Object.fromEntries(rest), ...written },
  };
}

function pick(headers: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (typeof value === "string") picked[name] = value;
  }
  return picked;
}
