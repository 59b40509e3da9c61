/** The digest of a catalogue: equal exactly where the same things are listed in the same order, however keys are ordered. */
import { createHash } from "node:crypto";
import type { Catalogue } from "@outrigger/api/feed";

/** A catalogue that has no digest yet. */
export type CatalogueContent = Omit<Catalogue, "digest">;

/** Deeper values than this are refused: nobody means them, and reading them costs the stack. */
const maxDepth = 128;

/**
 * Returns sha256 (hex) over the canonical JSON of a catalogue, or undefined where something in it is nested too deeply.
 * Canonical: keys sorted by UTF-16 code units, no white space, arrays in their order. Source: RFC 8785, without its number
 * form, since all values come from JSON.parse of one engine.
 */
export function digestCatalogue(content: CatalogueContent): string | undefined {
  const { tools, prompts, resources, resourceTemplates, limited, hints } = content;
  const told = hints === undefined ? {} : { hints };
  return digestValue({ tools, prompts, resources, resourceTemplates, limited, ...told });
}

/** The same of any value that was parsed from JSON. */
export function digestValue(value: unknown): string | undefined {
  const text = canonicalize(value, 0);
  return text === undefined ? undefined : createHash("sha256").update(text).digest("hex");
}

function canonicalize(value: unknown, depth: number): string | undefined {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (depth >= maxDepth) return undefined;
  if (Array.isArray(value))
    return joinAll(
      value.map((item) => canonicalize(item, depth + 1)),
      ["[", "]"],
    );
  const members = Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => {
      const text = canonicalize(item, depth + 1);
      return text === undefined ? undefined : `${JSON.stringify(key)}:${text}`;
    });
  return joinAll(members, ["{", "}"]);
}

function joinAll(parts: readonly (string | undefined)[], [open, close]: readonly [string, string]): string | undefined {
  return parts.includes(undefined) ? undefined : `${open}${parts.join(",")}${close}`;
}
