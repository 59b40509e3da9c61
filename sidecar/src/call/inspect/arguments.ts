/**
 * Reads the arguments of one call once, for whoever has to look at them. Refuses what two decoders could read differently: keys that stand
 * twice in one object, or that differ by case alone, since some decoders ignore case. Values are bounded in size, and in depth by the scan.
 */
import { maxInspectedBytes } from "@outrigger/policy";
import type { Item } from "../message.ts";
import { findRepeatedKey } from "./repeated-key.ts";

/** The arguments, or why nobody looks at them. `value` is an empty object where the call has none. */
export type ReadArguments =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: "RequestTooLarge" | "RequestMalformed"; readonly text: string };

/** Reads `params.arguments` of a message. */
export function readArguments({ bytes, message }: Item): ReadArguments {
  const span = message.argumentsSpan;
  if (span === undefined) return { ok: true, value: {} };
  const size = span.end - span.start;
  if (size > maxInspectedBytes) {
    const text = `The arguments have ${size} bytes; ${maxInspectedBytes} are allowed where policy looks at them.`;
    return { ok: false, reason: "RequestTooLarge", text };
  }
  const json = bytes.toString("utf8", span.start, span.end);
  const repeated = findRepeatedKey(json, (key) => key.toLowerCase());
  if (repeated === undefined) return { ok: true, value: JSON.parse(json) };
  const text = `The arguments can't be read in exactly one way: ${JSON.stringify(repeated.slice(0, 64))} stands twice in one object.`;
  return { ok: false, reason: "RequestMalformed", text };
}
