/**
 * What one value of the chart is: meaning, default, form. values.yaml, its schema and the table in the README are all written
 * from trees of these, so that they can't say different things.
 */

/** A piece of JSON Schema, draft 7: the newest that Helm 3 reads too. */
export type Schema = Readonly<Record<string, unknown>>;

/** Values as a file holds them, by their names. */
export type Values = Readonly<Record<string, unknown>>;

/** One value that somebody may set. */
export interface Leaf {
  /** Sentences for people: what it decides, unit, what an empty one means. */
  readonly meaning: string;
  readonly fallback: unknown;
  readonly schema: Schema;
  /** Another right value. A test renders with it and expects another result: no value is read by nobody. */
  readonly other: unknown;
  /** Values that must be set beside it for it to matter. */
  readonly beside?: Values;
}

/** Values that belong together. */
export interface Group {
  readonly meaning: string;
  readonly members: Readonly<Record<string, Leaf | Group>>;
}

/** Texts of a leaf and its values. */
interface Facts<T> {
  readonly meaning: string;
  readonly fallback: T;
  readonly other: T;
  readonly beside?: Values;
}

/** A text that fits a pattern. */
export function text(facts: Facts<string>, pattern = "^[ -~]*$"): Leaf {
  return { ...facts, schema: { type: "string", pattern } };
}

/** One of some words. */
export function word<const W extends string>(facts: Facts<W>, words: readonly W[]): Leaf {
  return { ...facts, schema: { type: "string", enum: words } };
}

/** A whole number within bounds. */
export function count(facts: Facts<number>, bounds: { readonly min: number; readonly max: number }): Leaf {
  return { ...facts, schema: { type: "integer", minimum: bounds.min, maximum: bounds.max } };
}

/** On or off. */
export function toggle(facts: Facts<boolean>): Leaf {
  return { ...facts, schema: { type: "boolean" } };
}

/** A list of things of one form. */
export function list(facts: Facts<readonly unknown[]>, items: Schema): Leaf {
  return { ...facts, schema: { type: "array", items } };
}

/** Texts by keys that the user chooses. */
export function texts(facts: Facts<Readonly<Record<string, string>>>): Leaf {
  return { ...facts, schema: { type: "object", additionalProperties: { type: "string" } } };
}

/** Anything with a form of its own. */
export function shaped(facts: Facts<unknown>, schema: Schema): Leaf {
  return { ...facts, schema };
}

/** An object with these members and no others. */
export function closed(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return { type: "object", additionalProperties: false, ...(required.length > 0 ? { required } : {}), properties };
}

/** True for groups. */
export function isGroup(node: Leaf | Group): node is Group {
  return "members" in node;
}

/** Every leaf with its path, in the order of the tree. */
export function listLeaves(group: Group, path: readonly string[] = []): { path: readonly string[]; leaf: Leaf }[] {
  return Object.entries(group.members).flatMap(([name, node]) =>
    isGroup(node) ? listLeaves(node, [...path, name]) : [{ path: [...path, name], leaf: node }],
  );
}
