/** Additions and values between braces and brackets: JSON, with comments or without, and the same within YAML. Pure. */
import type { Node } from "yaml";
import { rangeOf, type Edit } from "./edit.ts";
import { indentAt, type TextStyle } from "./style.ts";

type Added = Readonly<Record<string, unknown>> | readonly unknown[];

/** The edits that put members or items at the end of a node. A comma that may end a list in such a file is kept. */
export function addToFlow(node: Node, added: Added, style: TextStyle): readonly Edit[] {
  const inside = lookInside(node, style);
  const { contentEnd, lastSign, isEmpty, endsWithComma } = inside;
  const text = writeAdded(added, inside, style);
  if (isEmpty || endsWithComma) return [{ start: contentEnd, end: contentEnd, text }];
  if (contentEnd === lastSign) return [{ start: contentEnd, end: contentEnd, text: `,${text}` }];
  return [
    { start: lastSign, end: lastSign, text: "," },
    { start: contentEnd, end: contentEnd, text },
  ];
}

/** What stands between the braces. `lastSign`: behind the last member; `contentEnd`: behind the comments that follow it, too. */
interface Inside {
  readonly outer: string;
  readonly lastSign: number;
  readonly contentEnd: number;
  readonly isEmpty: boolean;
  readonly endsWithComma: boolean;
  readonly isOneLine: boolean;
  /** Whether the closing brace has a line of its own already. */
  readonly closesApart: boolean;
}

function lookInside(node: Node, style: TextStyle): Inside {
  const [start, end] = rangeOf(node);
  const between = style.blanked.slice(start + 1, end - 1);
  const said = between.trimEnd();
  const isEmpty = said.trim() === "";
  const contentEnd = start + 1 + style.text.slice(start + 1, end - 1).trimEnd().length;
  return {
    outer: indentAt(style, start),
    lastSign: start + 1 + said.length,
    contentEnd,
    isEmpty,
    endsWithComma: said.endsWith(","),
    isOneLine: style.isCompact || (!isEmpty && !between.includes("\n")),
    closesApart: style.text.slice(contentEnd, end - 1).includes("\n"),
  };
}

function writeAdded(added: Added, inside: Inside, { lineEnd, step }: TextStyle): string {
  const { outer, isEmpty, endsWithComma, isOneLine, closesApart } = inside;
  const last = endsWithComma ? "," : "";
  if (isOneLine) {
    const separator = isEmpty ? "" : " ";
    return (
      listTexts(added, undefined)
        .map((text) => `${separator}${text}`)
        .join(",") + last
    );
  }
  const indent = `${lineEnd}${outer}${step}`;
  const written = listTexts(added, step).map((text) => `${indent}${text.replaceAll("\n", indent)}`);
  return `${written.join(",")}${last}${closesApart ? "" : `${lineEnd}${outer}`}`;
}

/** A value in the place of a node. */
export function printFlow(node: Node, value: unknown, style: TextStyle): string {
  const [start] = rangeOf(node);
  const outer = indentAt(style, start);
  return JSON.stringify(value, null, style.isCompact ? undefined : style.step).replaceAll(
    "\n",
    `${style.lineEnd}${outer}`,
  );
}

function listTexts(added: Added, width: string | undefined): readonly string[] {
  const print = (value: unknown): string => JSON.stringify(value, null, width);
  return isList(added)
    ? added.map(print)
    : Object.entries(added).map(([key, value]) => `${JSON.stringify(key)}: ${print(value)}`);
}

// The language's own test does not narrow lists that can't be written to.
const isList = (value: object): value is readonly unknown[] => Array.isArray(value);
