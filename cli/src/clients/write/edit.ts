/** One change of a text, and how several become one. Pure. */
import type { Node } from "yaml";

/** Characters from `start` up to `end` become `text`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies them. None overlaps another; those at one place stand in the order of the list. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let at = 0;
  let done = "";
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    done += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return done + text.slice(at);
}

/** Where a node of a parsed text begins, and where it ends. */
export function rangeOf(node: Node): readonly [start: number, end: number] {
  const [start, end] = node.range ?? [0, 0];
  return [start, end];
}
