/** The caller that `--caller`, `--group` and `--claim` describe, as rules and conditions of policy know callers. Pure. */
import type { CallerFacts } from "@outrigger/policy";

/** The options as they were given. */
export interface CallerFlags {
  readonly caller?: string;
  readonly group?: readonly string[];
  readonly claim: Readonly<Record<string, string>>;
}

/** The caller, undefined where nobody is vouched for; or what was expected. */
export type ReadCaller =
  { readonly ok: true; readonly caller: CallerFacts | undefined } | { readonly ok: false; readonly expected: string };

const form = "--caller: expected user:NAME, serviceaccount:NAMESPACE/NAME or anonymous";

/** Reads. Groups and claims without a kind belong to a user without a name. */
export function readCaller({ caller, group = [], claim }: CallerFlags): ReadCaller {
  const claims = Object.fromEntries(Object.entries(claim).map(([key, text]) => [key, readClaim(text)]));
  const hasMore = group.length > 0 || Object.keys(claims).length > 0;
  if (caller === undefined && !hasMore) return { ok: true, caller: undefined };
  const who = readWho(caller ?? "user:(somebody)");
  return who === undefined ? { ok: false, expected: form } : { ok: true, caller: { ...who, groups: group, claims } };
}

function readWho(text: string): Pick<CallerFacts, "kind" | "name" | "namespace"> | undefined {
  if (text === "anonymous") return { kind: "Anonymous", name: "anonymous" };
  const [, user] = /^user:(.+)$/.exec(text) ?? [];
  if (user !== undefined) return { kind: "User", name: user };
  const [, namespace, name] = /^serviceaccount:([^/]+)\/([^/]+)$/.exec(text) ?? [];
  return namespace === undefined || name === undefined ? undefined : { kind: "ServiceAccount", name, namespace };
}

/** A claim is a text, unless it is written as JSON of another kind: true, 3, ["a","b"]. */
function readClaim(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The caller in words. */
export function describeCaller(caller: CallerFacts | undefined): string {
  if (caller === undefined) return "nobody that is vouched for: rules that name callers can't know it";
  const { kind, name, namespace, groups, claims } = caller;
  const claimed = Object.entries(claims).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return [
    kind === "Anonymous" ? kind : `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`,
    ...(groups.length === 0 ? [] : [`groups ${groups.join(", ")}`]),
    ...(claimed.length === 0 ? [] : [`claims ${claimed.join(", ")}`]),
  ].join("; ");
}
