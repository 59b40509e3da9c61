/**
 * Decides whether an expression is something that registers a test or a suite, such as `it`, `it.skip`, `describe.each(rows)`.
 * Works on names and shapes; which names a file knows besides vitest's own is found in known-names.ts.
 */
import ts from "typescript";

import { unwrapExpression } from "./unwrap.ts";

/** How a registrar changes its tests: whether they run at all, only under a condition, or once per row of a table. */
export type Mark = "Skip" | "Todo" | "Fails" | "Conditional" | "Table";

/**
 * Something that registers tests when it is called.
 * Shape: `wrapper` is set for a function of the test file that hands its first parameter on as the title.
 */
export interface Registrar {
  readonly kind: "Test" | "Suite";
  readonly marks: ReadonlySet<Mark>;
  readonly wrapper: boolean;
}

/** Keyed by the name that the test file uses. */
export type KnownNames = ReadonlyMap<string, Registrar>;

/** Members that return the registrar again, with what they add to it. Source: vitest 5 test API. */
const members: ReadonlyMap<string, readonly Mark[]> = new Map([
  ["concurrent", []],
  ["sequential", []],
  ["shuffle", []],
  ["only", []],
  ["skip", ["Skip"]],
  ["todo", ["Todo"]],
  ["fails", ["Fails"]],
]);

/** Members that have to be called first and then return a registrar. Source: vitest 5 test API; `prop` is @fast-check/vitest's. */
const factories: ReadonlyMap<string, readonly Mark[]> = new Map([
  ["each", ["Table"]],
  ["for", ["Table"]],
  ["skipIf", ["Conditional"]],
  ["runIf", ["Conditional"]],
  ["extend", []],
  ["override", []],
  ["scoped", []],
  ["prop", []],
]);

/** Returns what the expression registers, or `undefined` where it is no registrar (`it.each` alone is none yet). */
export function resolveRegistrar(expression: ts.Expression, known: KnownNames): Registrar | undefined {
  const bare = unwrapExpression(expression);
  if (ts.isIdentifier(bare)) return known.get(bare.text);
  if (ts.isPropertyAccessExpression(bare)) return resolveMember(bare, known);
  if (ts.isCallExpression(bare)) return resolveFactory(bare.expression, known);
  if (ts.isTaggedTemplateExpression(bare)) return resolveFactory(bare.tag, known);
  if (ts.isConditionalExpression(bare)) return resolveChoice(bare, known);
  return undefined;
}

function resolveMember(access: ts.PropertyAccessExpression, known: KnownNames): Registrar | undefined {
  const name = access.name.text;
  const base = resolveRegistrar(access.expression, known);
  if (base && (name === "describe" || name === "suite")) return { ...base, kind: "Suite" };
  return addMarks(base, members.get(name));
}

function resolveFactory(callee: ts.Expression, known: KnownNames): Registrar | undefined {
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  return addMarks(resolveRegistrar(callee.expression, known), factories.get(callee.name.text));
}

/** `linux ? it : it.skip`: whichever branch runs, the test runs only under a condition. */
function resolveChoice(choice: ts.ConditionalExpression, known: KnownNames): Registrar | undefined {
  const branches = [choice.whenTrue, choice.whenFalse].map((branch) => resolveRegistrar(branch, known));
  const running = branches.find((branch) => branch && !neverRuns(branch.marks)) ?? branches[0];
  return branches.every(Boolean) ? addMarks(running, ["Conditional"]) : undefined;
}

function addMarks(base: Registrar | undefined, marks: readonly Mark[] | undefined): Registrar | undefined {
  return base && marks && { ...base, marks: new Set([...base.marks, ...marks]) };
}

function neverRuns(marks: ReadonlySet<Mark>): boolean {
  return marks.has("Skip") || marks.has("Todo");
}
