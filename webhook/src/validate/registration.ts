/**
 * The entries of the validating configuration: who is told of problems before a pod is there. Selects as the entries for pods do
 * (inject/registration.ts), since the answer is the one that the pods would get. Refuses nothing.
 */
import { validationEntrySuffix } from "@outrigger/api/cluster-objects";
import type { Scope } from "../inject/outcome.ts";
import { entries, type SelectorTerm } from "../inject/registration.ts";

/** What an entry is asked about: workloads whose pods one entry for pods selects, or the settings of namespaces. */
export type Subject = { readonly kind: "workload"; readonly scope: Scope } | { readonly kind: "settings" };

/** One entry. All terms must hold of the namespace; `path` is where it calls. */
export interface ValidatingEntry {
  readonly name: string;
  readonly path: string;
  readonly subject: Subject;
  readonly namespaceSelector: readonly SelectorTerm[];
}

/** The entries. No two of them match one object. */
export const validatingEntries: readonly ValidatingEntry[] = [
  ...entries.map(({ scope, namespaceSelector }) => ({
    name: `${scope}${validationEntrySuffix}`,
    path: `/validate/${scope}`,
    subject: { kind: "workload", scope } as const,
    namespaceSelector,
  })),
  {
    name: `settings${validationEntrySuffix}`,
    path: "/validate/settings",
    subject: { kind: "settings" },
    namespaceSelector: [],
  },
];
