/**
 * Collects the titles of one test file that bear capability numbers, and whether their tests run.
 * Reads source text only: nothing is executed, and no file is opened.
 */
import ts from "typescript";

import { findKnownNames } from "./known-names.ts";
import type { KnownNames, Mark } from "./registrar.ts";
import { readStaticText } from "./static-text.ts";
import { readTestCall, type TestCall } from "./test-call.ts";
import { cleanTitle, findNumbers } from "./title.ts";

/** Whether a test runs. `why` completes the sentence "F-048 stands on …". */
export type Run =
  { readonly kind: "Always" } | { readonly kind: "Sometimes" } | { readonly kind: "Never"; readonly why: string };

/**
 * A title that bears at least one number.
 * Shape: `numbers` in order of appearance, unique; `title` is without them; `line` counts from 1.
 */
export interface NumberedTitle {
  readonly file: string;
  readonly line: number;
  readonly numbers: readonly string[];
  readonly title: string;
  readonly run: Run;
}

/** One test file. `file` is its path from the root of the repository, with forward slashes. */
export interface TestSource {
  readonly file: string;
  readonly text: string;
}

/** What was found in a part of the tree: the titles, and how every test in it runs, numbered or not. */
interface Found {
  readonly titles: readonly NumberedTitle[];
  readonly runs: readonly Run[];
}

interface Scope {
  readonly source: ts.SourceFile;
  readonly known: KnownNames;
  readonly marks: ReadonlySet<Mark>;
}

/** Returns the numbered titles of a test file in source order. Cost: files without `F-` are not parsed. */
export function collectTitles({ file, text }: TestSource): readonly NumberedTitle[] {
  if (!text.includes("F-")) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2024, true);
  return walk(source, { source, known: findKnownNames(source), marks: new Set() }).titles;
}

function walk(node: ts.Node, scope: Scope): Found {
  const call = readTestCall(node, scope.known);
  if (!call) {
    const inside = walkChildren(node, scope);
    return { titles: [...findStray(node, scope), ...inside.titles], runs: inside.runs };
  }
  const marks = new Set([...scope.marks, ...call.marks]);
  const inside = walkChildren(node, { ...scope, marks });
  const run = call.kind === "Suite" ? decideSuiteRun(decideRun(marks), inside.runs) : decideRun(marks);
  return {
    titles: [...describeTitle(node, call, { run, source: scope.source }), ...inside.titles],
    runs: call.kind === "Suite" ? inside.runs : [run],
  };
}

function walkChildren(node: ts.Node, scope: Scope): Found {
  const found: Found[] = [];
  ts.forEachChild(node, (child) => void found.push(walk(child, scope)));
  return { titles: found.flatMap((part) => part.titles), runs: found.flatMap((part) => part.runs) };
}

function describeTitle(
  node: ts.Node,
  { title }: Pick<TestCall, "title">,
  { run, source }: { readonly run: Run; readonly source: ts.SourceFile },
): readonly NumberedTitle[] {
  const numbers = findNumbers(title ?? "");
  if (title === undefined || numbers.length === 0) return [];
  const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
  return [{ file: source.fileName, line, numbers, title: cleanTitle(title), run }];
}

/** A statement that passes a numbered text and more looks like a test; if it is none that is known, silence would lose it. */
function findStray(node: ts.Node, { source, known }: Scope): readonly NumberedTitle[] {
  if (!ts.isExpressionStatement(node) || !ts.isCallExpression(node.expression)) return [];
  if (readTestCall(node.expression, known)) return [];
  const [first, body] = node.expression.arguments;
  const title = first && body && readStaticText(first);
  if (title === undefined || !/^F-[\d…]/.test(title)) return [];
  const why = `a call of ${node.expression.expression.getText(source)}, which is not known to register a test`;
  return describeTitle(node, { title }, { run: { kind: "Never", why }, source });
}

function decideRun(marks: ReadonlySet<Mark>): Run {
  if (marks.has("Skip")) return { kind: "Never", why: "a test that is skipped" };
  if (marks.has("Todo")) return { kind: "Never", why: "a test that is only planned (todo)" };
  if (marks.has("Fails")) return { kind: "Never", why: "a test that is expected to fail" };
  return { kind: marks.has("Conditional") ? "Sometimes" : "Always" };
}

/** A suite runs as its best test does. One without any visible test is believed: its tests may come from a function elsewhere. */
function decideSuiteRun(own: Run, inside: readonly Run[]): Run {
  if (own.kind === "Never" || inside.length === 0 || inside.some((run) => run.kind === "Always")) return own;
  if (inside.some((run) => run.kind === "Sometimes")) return { kind: "Sometimes" };
  return { kind: "Never", why: "a suite in which no test runs" };
}
