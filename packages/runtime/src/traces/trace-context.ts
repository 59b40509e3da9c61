/** Reads and writes the `traceparent` of W3C Trace Context. Decides what is one; what is made of it is the caller's. */

/** A place in a trace. */
export interface TraceParent {
  /** 32 hexadecimal digits, lower case. */
  readonly traceId: string;
  /** 16 hexadecimal digits, lower case. */
  readonly spanId: string;
  /** Bit 0: sampled. */
  readonly flags: number;
}

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Reads a `traceparent`; undefined where it is none, which starts a new trace.
 * Source: W3C Trace Context, section 3.2: version ff and ids of zeros are invalid, later versions may say more behind the flags.
 */
export function parseTraceParent(text: string | undefined): TraceParent | undefined {
  const match = text === undefined ? null : form.exec(text);
  if (match === null || !isKnownForm(match[1], match[5])) return undefined;
  // All of these groups stand in every match.
  const [traceId, spanId, flags] = match.slice(2, 5) as [string, string, string];
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

const isKnownForm = (version: string | undefined, rest: string | undefined): boolean =>
  version !== "ff" && (version !== "00" || rest === undefined);

/** Writes version 00. */
export function formatTraceParent({ traceId, spanId, flags }: TraceParent): string {
  return `00-${traceId}-${spanId}-${(flags & 0xff).toString(16).padStart(2, "0")}`;
}
