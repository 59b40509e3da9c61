/**
 * The catalogue with everything that some caller may see, for whoever lists for many callers and decides for each of them by the same
 * policy. There is none where all callers see the same. Pure.
 */
import type { Catalogue } from "@outrigger/api/feed";
import {
  looksAtCallers,
  looksAtHints,
  type CompiledPolicy,
  type Hints,
  type Subject,
  type View,
} from "@outrigger/policy";
import { digestCatalogue, type CatalogueContent } from "./digest.ts";
import { filterCatalogue } from "./filter.ts";

/** The catalogue; undefined where the policy looks at no caller, or where what was listed nests too deeply. `viewOf`: of a subject. */
export function describeForCallers(
  listed: CatalogueContent,
  policy: CompiledPolicy,
  viewOf: (subject: Subject) => View = () => ({}),
): Catalogue | undefined {
  if (!looksAtCallers(policy)) return undefined;
  const visible = filterCatalogue(listed, policy, (subject) => ({ ...viewOf(subject), caller: "someone" }));
  const content = looksAtHints(policy) ? { ...visible, hints: readHints(visible, viewOf) } : visible;
  const digest = digestCatalogue(content);
  return digest === undefined ? undefined : { digest, ...content };
}

/** Approved hints of the tools that have them; what has none is unclear to every rule that asks for one. */
function readHints({ tools }: CatalogueContent, viewOf: (subject: Subject) => View): Readonly<Record<string, Hints>> {
  const known = tools.flatMap(({ name }) => {
    const hints = typeof name === "string" ? viewOf({ kind: "tool", name }).tool?.approved?.hints : undefined;
    return hints === undefined ? [] : [[String(name), hints] as const];
  });
  return Object.fromEntries(known);
}
