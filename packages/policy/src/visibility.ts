/**
 * The part of a policy that decides what is visible, in the form in which a sidecar hands it to whoever lists for it. Layers are written
 * as people write documents, so that a reader of another version refuses what it does not know instead of passing over it. Pure.
 */
import type { VisiblePolicy } from "@outrigger/api/feed-callers";
import { openDocument, parsePolicyDocument, type PolicyDocument } from "./document/document.ts";

/** Writes the layers that are enforced. What pins hold back is not in any catalogue, so it is not repeated here. */
export function writeVisiblePolicy(hash: string, layers: readonly PolicyDocument[]): VisiblePolicy {
  const enforced = layers.filter(({ mode }) => mode === "Enforce");
  return { format: 1, hash, layers: enforced.map(writeLayer) };
}

function writeLayer(layer: PolicyDocument): VisiblePolicy["layers"][number] {
  const { defaultAction, access, tools, prompts, resources, rules, onlyNarrows } = layer;
  const document = { defaultAction, access, tools, prompts, resources, rules };
  return { document, ...(onlyNarrows === undefined ? {} : { onlyNarrows }) };
}

/** Reads them back; undefined where one of them can't be read, since the rest alone would show too much. */
export function readVisibleLayers({ layers }: VisiblePolicy): readonly PolicyDocument[] | undefined {
  const read = layers.map(({ document, onlyNarrows }) => {
    const parsed = parsePolicyDocument(document);
    if (!parsed.ok) return undefined;
    // What pins hold back was taken out by who wrote this.
    const layer: PolicyDocument = { ...openDocument, ...parsed.document, pins: { mode: "Off", approved: [] } };
    return onlyNarrows === true ? { ...layer, onlyNarrows } : layer;
  });
  const known = read.filter((layer) => layer !== undefined);
  return known.length === layers.length ? known : undefined;
}
