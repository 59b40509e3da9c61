/** Reads which forms of an answer a client takes, by media type and never by a piece of text. */
import { findHeader } from "../../upstream/headers.ts";

/** Which forms of an answer a client takes. */
export interface Acceptance {
  readonly json: boolean;
  readonly events: boolean;
}

/**
 * Reads `Accept`; an absent header accepts everything.
 * Source: RFC 9110 section 12.5.1 (a weight of 0 means "not acceptable"); MCP Streamable HTTP, "Sending Messages".
 */
export function readAcceptance(headers: readonly string[]): Acceptance {
  const accept = findHeader(headers, "accept");
  if (accept === undefined) return { json: true, events: true };
  const ranges = accept.split(",").flatMap(readRange);
  const takes = (type: string, subtype: string): boolean =>
    ranges.some((range) => range === "*/*" || range === `${type}/*` || range === `${type}/${subtype}`);
  return { json: takes("application", "json"), events: takes("text", "event-stream") };
}

function readRange(text: string): string[] {
  const [range = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const isRefused = parameters.some((parameter) => /^q=0(\.0{0,3})?$/.test(parameter));
  return isRefused || range === "" ? [] : [range];
}
