/** Additions and values in YAML's own form, by indentation. Pure. */
import { isScalar, stringify, type Node } from "yaml";
import { rangeOf, type Edit } from "./edit.ts";
import { indentAt, type TextStyle } from "./style.ts";

/** The edit that puts members or items behind the last of a node, before what is said behind it. */
export function addToBlock(node: Node, added: object, style: TextStyle): Edit {
  const [start, end] = rangeOf(node);
  const isLineEnded = end === 0 || style.text[end - 1] === "\n";
  const lines = print(added, style, columnOf(style, start));
  const text = `${isLineEnded ? "" : style.lineEnd}${lines.join(style.lineEnd)}${isLineEnded ? style.lineEnd : ""}`;
  return { start: end, end, text };
}

/** A value in the place of a node. Where nothing stood behind the key, it begins on the next line. */
export function printBlock(node: Node, value: unknown, style: TextStyle): string {
  const [start, end] = rangeOf(node);
  if (isScalar(node)) return printBelow(value, start, style);
  const lines = print(value, style, columnOf(style, start));
  const isLineEnded = style.text[end - 1] === "\n";
  return `${lines.join(style.lineEnd).trimStart()}${isLineEnded ? style.lineEnd : ""}`;
}

/** Nothing or a single word stood behind the key: an object goes below it. */
function printBelow(value: unknown, start: number, style: TextStyle): string {
  if (typeof value !== "object") return JSON.stringify(value);
  const lines = print(value, style, indentAt(style, start).length + 2);
  return `${style.lineEnd}${lines.join(style.lineEnd)}`;
}

function print(value: unknown, { step }: TextStyle, column: number): readonly string[] {
  const indent = step.includes("\t") ? 2 : Math.max(2, step.length);
  const lines = stringify(value, { lineWidth: 0, indent }).trimEnd().split("\n");
  return lines.map((line) => (line === "" ? line : `${" ".repeat(column)}${line}`));
}

const columnOf = ({ text }: TextStyle, offset: number): number => offset - text.lastIndexOf("\n", offset - 1) - 1;
