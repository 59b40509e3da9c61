/** How servers' tools stand in a list: under their public names, for each era in the form that its clients take. Pure. */
import type { Era, JsonObject } from "@outrigger/mcp";
import type { ToolEntry } from "../catalog/entry.ts";
import { isObject, isSchemaOfObject } from "../catalog/shapes.ts";

/** The list of both eras, ordered by name: the endpoint's own tools, and servers' tools. */
export function presentTools(
  own: readonly JsonObject[],
  tools: readonly ToolEntry[],
): Readonly<Record<Era, readonly JsonObject[]>> {
  return {
    legacy: [...own, ...tools.map(presentLegacy)].sort(byName),
    modern: [...own, ...tools.map(present)].sort(byName),
  };
}

/** The name of a tool in a list. */
export function readName(tool: JsonObject): string {
  return String(tool["name"]);
}

function byName(a: JsonObject, b: JsonObject): number {
  return readName(a) < readName(b) ? -1 : 1;
}

function present({ definition: given, publicName }: ToolEntry): JsonObject {
  // Tasks of the older kind are not relayed, so what a tool says of them would be wrong here.
  const definition = Object.fromEntries(Object.entries(given).filter(([key]) => key !== "execution"));
  const { inputSchema } = definition;
  if (isObject(inputSchema) && inputSchema["type"] !== undefined) return { ...definition, name: publicName };
  // Arguments are an object, also where a server does not say so; clients refuse a whole list for a schema that says nothing.
  return {
    ...definition,
    name: publicName,
    inputSchema: { ...(isObject(inputSchema) ? inputSchema : {}), type: "object" },
  };
}

/**
 * Legacy clients know structured output as objects only, and refuse an answer that lacks what its schema promises. Schemas that are `true` or
 * `false` came with the modern era; each is spelled as an object that means the same.
 */
function presentLegacy(tool: ToolEntry): JsonObject {
  const definition = present(tool);
  const { inputSchema, outputSchema } = definition;
  const input = spellOut(inputSchema);
  const shown = input === inputSchema ? definition : { ...definition, inputSchema: input };
  if (outputSchema === undefined) return shown;
  const output = spellOut(outputSchema);
  if (isObject(output) && output["type"] === "object" && isSchemaOfObject(output))
    return output === outputSchema ? shown : { ...shown, outputSchema: output };
  return Object.fromEntries(Object.entries(shown).filter(([member]) => member !== "outputSchema"));
}

function spellOut(schema: unknown): unknown {
  const properties = isObject(schema) ? schema["properties"] : undefined;
  if (!isObject(schema) || !isObject(properties)) return schema;
  if (!Object.values(properties).some((property) => typeof property === "boolean")) return schema;
  const spelled = Object.entries(properties).map(([name, property]) => [name, spellBoolean(property)] as const);
  return { ...schema, properties: Object.fromEntries(spelled) };
}

const spellBoolean = (schema: unknown): unknown => {
  if (typeof schema !== "boolean") return schema;
  return schema ? {} : { not: {} };
};
