/** Resolves variables in those parts of a server entry that may hold them, before the file is checked as a whole. */
import type { FileProblem } from "@outrigger/api/server-file";
import { resolveVariables, type Variables } from "./variables.ts";

type Fields = Readonly<Record<string, unknown>>;

const resolvedKeys = ["command", "args", "cwd", "env", "url", "headers"];

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Returns a copy of the file's value with variables put in.
 * Shape: everything that is not text in a server's command, args, cwd, env, url or headers is the same object as before.
 * Errors: one problem per reference that can't be resolved; entries that are disabled are left alone.
 */
export function putVariables(
  value: unknown,
  variables: Variables,
): { readonly value: unknown; readonly problems: readonly FileProblem[] } {
  if (!isObject(value) || !isObject(value["mcpServers"])) return { value, problems: [] };
  const problems: FileProblem[] = [];
  const servers = Object.entries(value["mcpServers"]).map(([name, entry]): [string, unknown] => {
    if (!isObject(entry) || entry["disabled"] === true) return [name, entry];
    const fields = Object.entries(entry).map(([key, part]): [string, unknown] => [
      key,
      resolvedKeys.includes(key) ? putInto(part, ["mcpServers", name, key], { variables, problems }) : part,
    ]);
    return [name, Object.fromEntries(fields)];
  });
  return { value: { ...value, mcpServers: Object.fromEntries(servers) }, problems };
}

interface Context {
  readonly variables: Variables;
  readonly problems: FileProblem[];
}

function putInto(part: unknown, path: FileProblem["path"], context: Context): unknown {
  if (typeof part === "string") return putIntoText(part, path, context);
  if (Array.isArray(part)) return part.map((item: unknown, index) => putInto(item, [...path, index], context));
  if (!isObject(part)) return part;
  return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, putInto(item, [...path, key], context)]));
}

function putIntoText(text: string, path: FileProblem["path"], context: Context): string {
  const resolved = resolveVariables(text, context.variables);
  if (resolved.ok) return resolved.text;
  for (const expected of resolved.expected) context.problems.push({ path, expected });
  return text;
}
