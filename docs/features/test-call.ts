/** Reads one call that registers a test or a suite: its title and whether it runs. Does not look inside the test. */
import ts from "typescript";

import { resolveRegistrar, type KnownNames, type Mark } from "./registrar.ts";
import { readStaticText } from "./static-text.ts";
import { fillPlaceholders } from "./title.ts";

/** A registered test or suite. Shape: `title` is absent where the source alone does not tell it. */
export interface TestCall {
  readonly kind: "Test" | "Suite";
  readonly title: string | undefined;
  readonly marks: ReadonlySet<Mark>;
}

/** Options of a test by the mark that they set. Source: vitest 5 test options. */
const optionMarks: ReadonlyMap<string, Mark> = new Map([
  ["skip", "Skip"],
  ["todo", "Todo"],
  ["fails", "Fails"],
]);

/** Returns the test or suite that a node registers, or `undefined` for every other node. */
export function readTestCall(node: ts.Node, known: KnownNames): TestCall | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const registrar = resolveRegistrar(node.expression, known);
  const [first, ...rest] = node.arguments;
  if (!registrar || !first) return undefined;
  const text = readStaticText(first);
  const title = text !== undefined && registrar.marks.has("Table") ? fillPlaceholders(text) : text;
  // A wrapper has parameters of its own, so nothing but the title may be read from its call.
  const own = registrar.wrapper ? [] : readArgumentMarks(rest);
  return { kind: registrar.kind, title, marks: new Set([...registrar.marks, ...own]) };
}

function readArgumentMarks(rest: readonly ts.Expression[]): readonly Mark[] {
  const options = rest.filter((argument) => ts.isObjectLiteralExpression(argument));
  const hasBody = rest.some((argument) => !ts.isObjectLiteralExpression(argument) && !ts.isNumericLiteral(argument));
  const marks = options.flatMap((option) => option.properties.flatMap((property) => readOption(property)));
  // vitest takes a title without a function for a plan.
  return hasBody ? marks : [...marks, "Todo"];
}

function readOption(property: ts.ObjectLiteralElementLike): readonly Mark[] {
  const mark = property.name && ts.isIdentifier(property.name) ? optionMarks.get(property.name.text) : undefined;
  if (!mark) return [];
  if (!ts.isPropertyAssignment(property)) return ["Conditional"];
  if (property.initializer.kind === ts.SyntaxKind.TrueKeyword) return [mark];
  return property.initializer.kind === ts.SyntaxKind.FalseKeyword ? [] : ["Conditional"];
}
