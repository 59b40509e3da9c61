/**
 * Would API servers ask the webhook about a pod, and by which entry of its configuration? The same selectors as the chart's, and for
 * what they leave out by other means (rules, excluded namespaces, match conditions) the decision that says the same. Pure.
 */
import { entries, listFailedTerms, type FailedTerm, type JsonObject, type Scope } from "@outrigger/webhook/inject";
import type { WebhookCall } from "./explanation.ts";

/** What the question depends on. `reason` is the webhook's own decision; `scope`: an entry that the user names instead. */
export interface CallQuestion {
  readonly reason: string;
  readonly scope: Scope | undefined;
  readonly namespace: string;
  readonly podLabels: JsonObject;
  readonly namespaceLabels: JsonObject;
}

const leftOut: Readonly<Record<string, (namespace: string) => string>> = {
  NotApplicable: () => "its rules name the creation of pods and nothing else",
  MirrorPod: () => "its match conditions leave out mirror pods of nodes",
  SystemNamespace: (namespace) => `its selectors leave out namespace ${namespace}, by kubernetes.io/metadata.name`,
};

/** Answers. */
export function explainCall({ reason, scope, namespace, podLabels, namespaceLabels }: CallQuestion): WebhookCall {
  const exclusion = Object.hasOwn(leftOut, reason) ? leftOut[reason] : undefined;
  if (exclusion !== undefined) return { called: false, why: [exclusion(namespace)] };
  if (scope !== undefined) {
    const named = entries.find((entry) => entry.scope === scope);
    return { called: true, ...describe(named), why: ["--scope names this entry; labels were not looked at"] };
  }
  const judged = entries.map((entry) => ({ entry, failed: listFailedTerms(entry, podLabels, namespaceLabels) }));
  const chosen = judged.find(({ failed }) => failed.length === 0)?.entry;
  const others = judged.filter(({ failed }) => failed.length > 0);
  const why = others.map(({ entry, failed }) => `not by ${entry.name}: ${failed.map(wordTerm).join("; ")}`);
  return { called: chosen !== undefined, ...describe(chosen), why };
}

function describe(entry: (typeof entries)[number] | undefined): Pick<WebhookCall, "entry" | "path"> {
  return entry === undefined ? {} : { entry: entry.name, path: entry.path };
}

/** `the namespace has no label x, expected x In [a]`. */
function wordTerm({ on, term, value }: FailedTerm): string {
  const { key, operator, values = [] } = term;
  const has = value === undefined ? `has no label ${key}` : `has ${key}=${value.slice(0, 63)}`;
  const expected = operator === "Exists" ? `${key} Exists` : `${key} ${operator} [${values.join(", ")}]`;
  return `the ${on} ${has}, expected ${expected}`;
}
