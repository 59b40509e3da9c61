/**
 * Reads the text of an mcp.json for `outrigger up`: syntax, variables, entries and policies, each problem with its line.
 * Touches no file and no process; the text and the variables are passed in.
 */
import { parseServerFile, type FileProblem, type ServerEntry } from "@outrigger/api/server-file";
import { parsePolicyDocument } from "@outrigger/policy";
import { parseText, type DataPath, type LineProblem, type ParsedText } from "./document.ts";
import { putVariables } from "./put-variables.ts";
import type { Variables } from "./variables.ts";

/** Outcome: the servers to run in file order, or every problem in the order of lines. */
export type ReadConfig =
  | { readonly ok: true; readonly entries: readonly ServerEntry[] }
  | {
      readonly ok: false;
      readonly cause: "unreadable" | "syntax" | "invalid";
      readonly problems: readonly LineProblem[];
    };

/** Reads a configuration. Its `outrigger` blocks hold `group` and `policy`; what stands in front of it is ours to fill in. */
export function readConfig(text: string, variables: Variables): ReadConfig {
  const read = parseText(text);
  if (!read.ok) return { ok: false, cause: "syntax", problems: read.problems };
  const filled = putVariables(read.parsed.value, variables);
  const file = parseServerFile(filled.value);
  const found = file.ok ? checkBlocks(file.entries) : file.problems;
  // A text that still holds its reference fails further checks, too; that the variable is missing says it all.
  const missing = new Set(filled.problems.map(({ path }) => formatPath(path)));
  const problems = [...filled.problems, ...found.filter(({ path }) => !missing.has(formatPath(path)))];
  if (file.ok && problems.length === 0) return { ok: true, entries: file.entries };
  return { ok: false, cause: "invalid", problems: nameLines(problems, read.parsed) };
}

function checkBlocks(entries: readonly ServerEntry[]): FileProblem[] {
  return entries.flatMap((entry) => {
    const path: DataPath = ["mcpServers", entry.name, "outrigger"];
    const ours = (["control", "origin"] as const)
      .filter((key) => entry.outrigger[key] !== undefined)
      .map((key) => ({ path: [...path, key], expected: `no such key; known are group, policy` }));
    const policy = parsePolicyDocument(entry.outrigger.policy);
    return policy.ok
      ? ours
      : [...ours, ...policy.problems.map((each) => ({ ...each, path: [...path, "policy", ...each.path] }))];
  });
}

function nameLines(problems: readonly FileProblem[], parsed: ParsedText): LineProblem[] {
  return problems
    .map(({ path, expected }) => ({ line: parsed.lineOf(path), message: describe(path, expected) }))
    .toSorted((a, b) => a.line - b.line);
}

function describe(path: DataPath, expected: string): string {
  const sentence = expected.startsWith("no such key") ? expected : `expected ${expected}`;
  return path.length === 0 ? sentence : `${formatPath(path)}: ${sentence}`;
}

/** Writes a path as code would: `mcpServers.files.args[1]`, `mcpServers["my files"]`. */
export function formatPath(path: DataPath): string {
  return path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      if (!/^[\w-]+$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join("");
}
