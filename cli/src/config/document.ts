/**
 * Reads JSON (also with comments) or YAML together with the line of every part, so that a problem can name its line.
 * Knows nothing of what the file means.
 */
import { isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type Pair } from "yaml";
import { blankComments } from "./comments.ts";

/** A place in a file by keys and indexes from the top. */
export type DataPath = readonly (string | number)[];

/** One problem at a line, counted from 1. */
export interface LineProblem {
  readonly line: number;
  readonly message: string;
}

/** The value of a file, and where its parts stand. */
export interface ParsedText {
  readonly value: unknown;
  /** The line of a part, or of the nearest part around it that exists. */
  readonly lineOf: (path: DataPath) => number;
}

/** Reads a text. Errors: every syntax error with its line; never throws. */
export function parseText(
  text: string,
):
  | { readonly ok: true; readonly parsed: ParsedText }
  | { readonly ok: false; readonly problems: readonly LineProblem[] } {
  const lineCounter = new LineCounter();
  const blanked = blankComments(text);
  const document = parseDocument(blanked, { lineCounter, prettyErrors: false });
  if (document.errors.length > 0) return { ok: false, problems: explainErrors(document, lineCounter, blanked) };
  return { ok: true, parsed: { value: document.toJS(), lineOf: (path) => findLine(document, lineCounter, path) } };
}

const missingComma = "expected a comma between one member and the next";

/** The parser speaks of YAML; who edits a JSON file looks for commas and braces. By error code, or by the start of its message. */
const jsonExplanations: Readonly<Record<string, string>> = {
  MULTILINE_IMPLICIT_KEY: missingComma,
  BLOCK_IN_FLOW: missingComma,
  "Missing , between flow": "expected a comma before this",
  "Missing , or : between flow": 'expected ":" and a value, or a comma',
  "Flow map must end": 'expected a "}" that closes an object',
  "Flow map in block collection": 'expected a "}" that closes an object',
  "Flow sequence must end": 'expected a "]" that closes a list',
  "Flow sequence in block collection": 'expected a "]" that closes a list',
};

function explain({ code, message }: { readonly code: string; readonly message: string }, isJson: boolean): string {
  if (code === "DUPLICATE_KEY") return "expected each name only once here";
  const known = isJson
    ? Object.entries(jsonExplanations).find(([start]) => code === start || message.startsWith(start))
    : undefined;
  return known?.[1] ?? message;
}

function explainErrors(document: Document, lineCounter: LineCounter, text: string): LineProblem[] {
  const isJson = /^\uFEFF?\s*\{/.test(text);
  const problems = document.errors.map((error) => ({
    line: lineCounter.linePos(error.pos[0]).line,
    message: explain(error, isJson),
  }));
  const seen = new Set<string>();
  return problems.filter(({ line, message }) => {
    const key = `${line} ${message}`;
    return seen.has(key) ? false : seen.add(key);
  });
}

function findLine(document: Document, lineCounter: LineCounter, path: DataPath): number {
  let node: unknown = document.contents;
  let offset = offsetOf(node) ?? 0;
  for (const step of path) {
    const child = findChild(node, step);
    if (child === undefined) break;
    offset = offsetOf(isPair(child) ? child.key : child) ?? offset;
    node = isPair(child) ? child.value : child;
  }
  return lineCounter.linePos(offset).line;
}

function findChild(node: unknown, step: string | number): Node | Pair | undefined {
  if (isMap(node)) return node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(step));
  // Items of a parsed sequence are nodes; the type leaves room for documents built by hand.
  return isSeq(node) && typeof step === "number" ? (node.items[step] as Node | undefined) : undefined;
}

function offsetOf(node: unknown): number | undefined {
  return typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range)
    ? (node.range as number[])[0]
    : undefined;
}
