/**
 * What a client's file holds once the entry is in it: objects are gone into, the entry itself is replaced whole, and what a person has said
 * otherwise stays. Pure.
 */

type Fields = Readonly<Record<string, unknown>>;
type Path = readonly string[];

/** The value, or where the file holds something of another kind. */
export type Merged =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly path: Path; readonly expected: string };

/** Merges. `wanted` is the whole file as it would be alone; `name`: under which the entry stands in it. */
export function mergeEntry(current: unknown, wanted: unknown, name: string): Merged {
  return mergeAt({ current, wanted, name, path: [] });
}

interface Step {
  readonly current: unknown;
  readonly wanted: unknown;
  readonly name: string;
  readonly path: Path;
}

function mergeAt(step: Step): Merged {
  const { current, wanted } = step;
  if (current === undefined || current === null) return { ok: true, value: wanted };
  if (Array.isArray(wanted)) return mergeList(step, wanted);
  if (isFields(wanted)) return mergeFields(step, wanted);
  // Versions and titles are the person's own.
  return { ok: true, value: current };
}

function mergeFields({ current, name, path }: Step, wanted: Fields): Merged {
  if (!isFields(current)) return { ok: false, path, expected: "an object" };
  const merged: [string, unknown][] = Object.entries(current);
  for (const [key, value] of Object.entries(wanted)) {
    const at = merged.findIndex(([known]) => known === key);
    const inner = { current: at < 0 ? undefined : current[key], wanted: value, name, path: [...path, key] };
    const one: Merged = key === name ? { ok: true, value } : mergeAt(inner);
    if (!one.ok) return one;
    merged.splice(at < 0 ? merged.length : at, 1, [key, one.value]);
  }
  return { ok: true, value: Object.fromEntries(merged) };
}

/** Items are known by their `id` or `name`; one that is there is replaced. */
function mergeList({ current, path }: Step, wanted: readonly unknown[]): Merged {
  if (!Array.isArray(current)) return { ok: false, path, expected: "a list" };
  const merged: unknown[] = [...(current as unknown[])];
  for (const item of wanted) {
    const at = merged.findIndex((known) => idOf(known) !== undefined && idOf(known) === idOf(item));
    merged.splice(at < 0 ? merged.length : at, 1, item);
  }
  return { ok: true, value: merged };
}

function idOf(item: unknown): unknown {
  return isFields(item) ? (item["id"] ?? item["name"]) : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
