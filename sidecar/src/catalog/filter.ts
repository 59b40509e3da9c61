/** What policy leaves of a catalogue: the same judgement that decides calls, so that a thing is listed if and only if it is callable. */
import type { RawObject } from "@outrigger/api/feed";
import { isVisible, type CompiledPolicy, type Subject, type SubjectKind, type View } from "@outrigger/policy";
import type { CatalogueContent } from "./digest.ts";

/**
 * Returns the visible part; order and unknown members are kept. An entry without the name that policy reads is left out.
 * `viewOf`: what is known of an entry besides, where policy asks for it.
 */
export function filterCatalogue(
  content: CatalogueContent,
  policy: CompiledPolicy,
  viewOf: (subject: Subject) => View = () => ({}),
): CatalogueContent {
  const keep = (entries: readonly RawObject[], kind: SubjectKind, key: string): readonly RawObject[] =>
    entries.filter((entry) => {
      const name = entry[key];
      return typeof name === "string" && isVisible(policy, { kind, name }, viewOf({ kind, name }));
    });
  return {
    tools: keep(content.tools, "tool", "name"),
    prompts: keep(content.prompts, "prompt", "name"),
    resources: keep(content.resources, "resource", "uri"),
    resourceTemplates: keep(content.resourceTemplates, "resource", "uriTemplate"),
    limited: content.limited,
  };
}
