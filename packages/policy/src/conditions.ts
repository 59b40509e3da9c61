/**
 * Conditions of rules: CEL expressions of bounded cost. The only file that knows the CEL library; programs load it where a policy has
 * conditions, by `@outrigger/policy/conditions`. The library meters no cost, so expression and input are bounded before it runs.
 * Source: github.com/google/cel-spec; of its functions those below, no regular expressions.
 */
import { Environment, type ASTNode, type ParseResult } from "@marcbachmann/cel-js";
import { attempt } from "./attempt.ts";
import type { PolicyDocument } from "./document/document.ts";
import type { Condition, ConditionFacts } from "./rules.ts";

/** Functions and methods that may be called. `matches` is not among them: a pattern could take time without bound. */
const allowedFunctions: ReadonlySet<string> = new Set([
  ...["size", "startsWith", "endsWith", "contains", "has", "all", "exists", "exists_one", "map", "filter"],
  ...["int", "uint", "double", "string", "bool", "dyn", "type", "duration", "timestamp", "lowerAscii"],
  ...["getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"],
  ...["getHours", "getMinutes", "getSeconds", "getMilliseconds"],
]);

/** Macros that evaluate a part of the expression once per element: one inside another would multiply. */
const loops: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "map", "filter"]);

/** What may be named: who calls, which server, which tool, prompt or resource, and the arguments. */
export const conditionVariables = ["caller", "server", "tool", "args"] as const;

/** Bounds of an expression and of what it looks at. Text in UTF-16 units; entries of one list or object; values in all. */
export const conditionBounds = { nodes: 256, depth: 32, text: 16_384, entries: 1_000, values: 10_000 } as const;

/** Creates the environment of all conditions: every variable is an object whose members have no declared type. */
function createEnvironment(): Environment {
  const limits = { maxAstNodes: conditionBounds.nodes, maxDepth: conditionBounds.depth, maxListElements: 256 };
  const environment = new Environment({ limits });
  for (const name of conditionVariables) environment.registerVariable(name, "map");
  return environment;
}

/** The condition, or what the expression should have been. */
export type CompiledCondition =
  { readonly ok: true; readonly condition: Condition } | { readonly ok: false; readonly expected: string };

/** Compiles one expression. Cost: once per policy. */
export function compileCondition(expression: string): CompiledCondition {
  const parsed = attempt(() => createEnvironment().parse(expression));
  if (!parsed.ok) return { ok: false, expected: `a CEL expression: ${firstLine(parsed.message)}` };
  const program = parsed.value;
  const problem = findProblem(program.ast, false);
  if (problem !== undefined) return { ok: false, expected: problem };
  const { valid, type, error } = program.check();
  if (!valid) return { ok: false, expected: `a CEL expression: ${firstLine(error?.message ?? "of the right types")}` };
  if (type !== "bool" && type !== "dyn")
    return { ok: false, expected: `an expression that is true or false, not ${type}` };
  const [usesArgs, usesCaller] = [names(program.ast, "args"), names(program.ast, "caller")];
  return { ok: true, condition: { usesArgs, usesCaller, evaluate: (facts) => evaluate(program, facts) } };
}

/** What is wrong with the conditions of a document: the index of the rule, and what was expected. */
export function checkConditions({ rules }: Pick<PolicyDocument, "rules">): readonly {
  readonly path: readonly (string | number)[];
  readonly expected: string;
}[] {
  return rules.flatMap(({ when }, index) => {
    const compiled = when === undefined ? undefined : compileCondition(when);
    return compiled?.ok === false ? [{ path: ["rules", index, "when"], expected: compiled.expected }] : [];
  });
}

/** Anything that is not a plain yes or no is an error: of a missing member, of a value out of bounds, of types that do not fit. */
function evaluate(program: ParseResult, facts: ConditionFacts): boolean | "error" {
  if (!isBounded(facts["args"])) return "error";
  const outcome = attempt((): unknown => program({ ...facts }));
  return outcome.ok && typeof outcome.value === "boolean" ? outcome.value : "error";
}

function isBounded(args: unknown): boolean {
  let left: number = conditionBounds.values;
  const fits = (value: unknown, depth: number): boolean => {
    if (--left < 0 || depth > conditionBounds.depth) return false;
    if (typeof value === "string") return value.length <= conditionBounds.text;
    if (typeof value !== "object" || value === null) return true;
    const entries = Object.entries(value);
    if (entries.length > conditionBounds.entries) return false;
    return entries.every(([key, item]) => key.length <= conditionBounds.text && fits(item, depth + 1));
  };
  return fits(args, 0);
}

const firstLine = (text: string): string => (text.split("\n", 1)[0] ?? "").slice(0, 200);

/** A node of the tree: every member that is a node, or a list of them, at any depth. */
function childrenOf(value: unknown): readonly ASTNode[] {
  if (Array.isArray(value)) return value.flatMap(childrenOf);
  return typeof value === "object" && value !== null && "op" in value ? [value as ASTNode] : [];
}

function findProblem(node: ASTNode, isInLoop: boolean): string | undefined {
  if (node.op !== "call" && node.op !== "rcall") return findFirst(childrenOf(node.args), isInLoop);
  const [called] = node.args;
  if (!allowedFunctions.has(called)) return `only these functions: ${[...allowedFunctions].join(", ")}; not ${called}`;
  const isLoop = loops.has(called);
  if (isLoop && isInLoop) return `no ${[...loops].join(", ")} inside another: the cost would multiply`;
  if (!isLoop || node.op !== "rcall") return findFirst(childrenOf(node.args), isInLoop);
  // The list that is gone through is not part of what is evaluated for each of its elements.
  const [, list, body] = node.args;
  return findProblem(list, isInLoop) ?? findFirst(body, true);
}

function findFirst(nodes: readonly ASTNode[], isInLoop: boolean): string | undefined {
  for (const node of nodes) {
    const problem = findProblem(node, isInLoop);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function names(node: ASTNode, variable: (typeof conditionVariables)[number]): boolean {
  return (node.op === "id" && node.args === variable) || childrenOf(node.args).some((child) => names(child, variable));
}
