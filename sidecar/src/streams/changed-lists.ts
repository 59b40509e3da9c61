/** Which lists look different to a caller under another policy. Pure. */
import type { RawObject } from "@outrigger/api/feed";
import { isVisible, type CompiledPolicy, type Subject, type SubjectKind, type View } from "@outrigger/policy";
import type { CatalogueContent } from "../catalog/digest.ts";
import { listKinds, type ListKind } from "./messages.ts";

/** What is compared. `content`: what the server lists, before policy; undefined where nobody knows it. */
export interface Comparison {
  readonly content: CatalogueContent | undefined;
  readonly before: CompiledPolicy;
  readonly after: CompiledPolicy;
  /** What is known of an entry and the caller. */
  readonly viewOf: (subject: Subject) => View;
}

/** Returns the lists in which an entry came or went; all where it is not known what there is. */
export function findChangedLists(comparison: Comparison): ReadonlySet<ListKind> {
  const { content } = comparison;
  if (content === undefined) return new Set(listKinds);
  const { tools, prompts, resources, resourceTemplates } = content;
  const changes = (kind: SubjectKind, key: string, entries: readonly RawObject[]): boolean =>
    entries.some((entry) => isTurned(comparison, { kind, name: entry[key] }));
  const changed: Readonly<Record<ListKind, boolean>> = {
    tools: changes("tool", "name", tools),
    prompts: changes("prompt", "name", prompts),
    resources: changes("resource", "uri", resources) || changes("resource", "uriTemplate", resourceTemplates),
  };
  return new Set(listKinds.filter((kind) => changed[kind]));
}

function isTurned(
  { before, after, viewOf }: Comparison,
  { kind, name }: { readonly kind: SubjectKind; readonly name: unknown },
): boolean {
  if (typeof name !== "string") return false;
  const subject = { kind, name };
  const view = before.needsView || after.needsView ? viewOf(subject) : {};
  return isVisible(before, subject, view) !== isVisible(after, subject, view);
}
