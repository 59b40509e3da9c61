/** One look at the cluster: what was seen, or why nothing was. A right that is missing must never pass for an empty list. Pure. */
import type { ApiFailure } from "@outrigger/kube";
import { createFinding, type Area, type Finding } from "./finding.ts";

/**
 * What was seen, or why not: a sentence without full stop. `next`: how the user can have it seen, who chose not to so far.
 */
export type Look<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string; readonly next?: string };

/** What was asked of the API server, for the sentence about a right that is missing. No `namespaces`: all of them. */
export interface Asked {
  readonly verb: "get" | "list" | "create";
  readonly resource: string;
  readonly name?: string;
  readonly namespaces?: readonly string[];
}

/** Words a request that failed. */
export function explainFailure(
  { kind, message }: ApiFailure,
  asked: Asked,
): { readonly ok: false; readonly why: string } {
  const { verb, resource, name, namespaces } = asked;
  const thing = name === undefined ? resource : `${resource} ${name}`;
  const everywhere = name === undefined ? " in all namespaces" : "";
  const place = namespaces === undefined ? everywhere : ` in ${namespaces.join(", ")}`;
  return { ok: false, why: kind === "forbidden" ? `need ${verb} ${thing}${place}` : `${thing}: ${message}` };
}

/** Judges what was seen; what was not is a finding of its own. */
export function judgeLook<T>(area: Area, look: Look<T>, judge: (value: T) => readonly Finding[]): readonly Finding[] {
  if (look.ok) return judge(look.value);
  const { why, next } = look;
  if (next !== undefined) return [createFinding(area, "note", { message: `not looked at: ${why}`, next })];
  return [createFinding(area, "unknown", `could not look: ${why}`)];
}

/** What was seen, handed through a function; a failure stays one. */
export function mapLook<T, U>(look: Look<T>, change: (value: T) => U): Look<U> {
  return look.ok ? { ok: true, value: change(look.value) } : look;
}
