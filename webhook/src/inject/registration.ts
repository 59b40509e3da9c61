/**
 * The three entries of the webhook configuration and what each selects. Decides nothing about a pod: it says which
 * entry's path the API server would call, so that offline work and tests ask the same question as a cluster.
 */
import { keys } from "@outrigger/api/keys";
import type { Scope } from "./outcome.ts";
import { readText, type JsonObject } from "./read/json.ts";

/** One term of a label selector, as Kubernetes writes it. */
export interface SelectorTerm {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists";
  readonly values?: readonly string[];
}

/** One entry. All terms of both selectors must hold. */
export interface Entry {
  readonly name: string;
  readonly path: string;
  readonly scope: Scope;
  readonly namespaceSelector: readonly SelectorTerm[];
  readonly objectSelector: readonly SelectorTerm[];
}

/** Labels and annotations of a namespace, raw. */
export interface NamespaceFacts {
  readonly labels: JsonObject;
  readonly annotations: JsonObject;
}

const inject = keys.inject.key;
const enforce = keys.enforce.key;
const notEnforced: SelectorTerm = { key: enforce, operator: "NotIn", values: ["required"] };
const notDisabled: SelectorTerm = { key: inject, operator: "NotIn", values: ["disabled"] };

/** The entries. Their selectors never overlap, so a pod is seen once. */
export const entries: readonly Entry[] = [
  {
    name: "pod.inject.outrigger.dev",
    path: "/mutate/pod",
    scope: "pod",
    namespaceSelector: [{ key: inject, operator: "NotIn", values: ["enabled"] }, notEnforced],
    // Exists lets a mistyped value reach us and be refused instead of ignored.
    objectSelector: [{ key: inject, operator: "Exists" }, notDisabled],
  },
  {
    name: "namespace.inject.outrigger.dev",
    path: "/mutate/namespace",
    scope: "namespace",
    namespaceSelector: [{ key: inject, operator: "In", values: ["enabled"] }, notEnforced],
    objectSelector: [notDisabled],
  },
  {
    name: "enforced.inject.outrigger.dev",
    path: "/mutate/enforced",
    scope: "enforced",
    namespaceSelector: [{ key: enforce, operator: "In", values: ["required"] }],
    // No user-controlled escape.
    objectSelector: [],
  },
];

/** The entry that the API server would call for a pod, or undefined where it would call none. */
export function selectEntry(podLabels: JsonObject, namespaceLabels: JsonObject): Entry | undefined {
  return entries.find(
    (entry) =>
      entry.namespaceSelector.every((term) => holds(term, namespaceLabels)) &&
      entry.objectSelector.every((term) => holds(term, podLabels)),
  );
}

/** A term of an entry that does not hold: whose labels it is about, and the value that stands there. */
export interface FailedTerm {
  readonly on: "namespace" | "pod";
  readonly term: SelectorTerm;
  readonly value: string | undefined;
}

/** Why an entry does not select a pod: every term that does not hold. Empty where it selects it. */
export function listFailedTerms(
  { namespaceSelector, objectSelector }: Entry,
  podLabels: JsonObject,
  namespaceLabels: JsonObject,
): readonly FailedTerm[] {
  const fail = (on: FailedTerm["on"], labels: JsonObject, terms: readonly SelectorTerm[]): FailedTerm[] =>
    terms.filter((term) => !holds(term, labels)).map((term) => ({ on, term, value: readText(labels, term.key) }));
  return [...fail("namespace", namespaceLabels, namespaceSelector), ...fail("pod", podLabels, objectSelector)];
}

function holds(term: SelectorTerm, labels: JsonObject): boolean {
  const value = readText(labels, term.key);
  if (term.operator === "Exists") return value !== undefined;
  const isListed = value !== undefined && (term.values ?? []).includes(value);
  return term.operator === "In" ? isListed : !isListed;
}
