/**
 * What an endpoint says of one tool: another name, another description, arguments that are set on each call. Decides how a definition
 * looks with them, and what a call sends. Pure.
 */
import type { JsonObject } from "@outrigger/mcp";
import type { ToolDefinition, ToolEntry } from "../catalog/entry.ts";

/** A rule. `tool` is the public name at the endpoint of all servers; what is absent stays as it is. */
export interface ToolRule {
  readonly tool: string;
  readonly name?: string;
  readonly description?: string;
  readonly arguments?: JsonObject;
}

/** The tool as the rule shows it. The catalogue's own stays known, because calls go by it. */
export function applyRule(tool: ToolEntry, rule: ToolRule): ToolEntry {
  const { name, description, arguments: fixedArguments = {} } = rule;
  const definition: ToolDefinition = {
    ...tool.definition,
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...hideArguments(tool.definition, fixedArguments),
  };
  return {
    ...tool,
    publicName: name ?? tool.publicName,
    definition,
    reshaped: { from: tool, fixedArguments, isRuled: true },
  };
}

/** The arguments of a call with those that are fixed; or what the caller gave wrongly, and what is expected there. */
export type MergedArguments =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly field: string; readonly expected: string };

/** Merges. Where nothing is fixed the arguments are what they are, whatever their form. */
export function mergeArguments({ reshaped }: Pick<ToolEntry, "reshaped">, values: unknown): MergedArguments {
  const fixed = reshaped?.fixedArguments ?? {};
  const names = Object.keys(fixed);
  if (names.length === 0) return { ok: true, value: values };
  if (values === undefined) return { ok: true, value: fixed };
  if (!isObject(values)) return { ok: false, field: "arguments", expected: "an object" };
  const given = names.find((name) => Object.hasOwn(values, name));
  if (given === undefined) return { ok: true, value: { ...values, ...fixed } };
  return { ok: false, field: given, expected: "nothing, since this endpoint sets it on each call" };
}

/** The schema without the arguments that are fixed: a caller neither sees them nor gives them. */
function hideArguments({ inputSchema }: ToolDefinition, fixed: JsonObject): { readonly inputSchema?: unknown } {
  const names = new Set(Object.keys(fixed));
  if (names.size === 0 || !isObject(inputSchema)) return {};
  const { properties, required } = inputSchema;
  return {
    inputSchema: {
      ...inputSchema,
      ...(isObject(properties) ? { properties: without(properties, names) } : {}),
      ...(Array.isArray(required) ? { required: required.filter((name) => !names.has(String(name))) } : {}),
    },
  };
}

function without(members: JsonObject, names: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.has(name)));
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
