/** How servers' tools stand in a list: under their public names, for each era in the form that its clients take. Pure. */
import type { Era, JsonObject } from "@outrigger/mcp";
import type { ToolEntry } from "../catalog/entry.ts";

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

function present({ definition, publicName }: ToolEntry): JsonObject {
  return { ...definition, name: publicName };
}

/** Legacy clients know structured output as objects only, and refuse an answer that lacks what its schema promises. */
function presentLegacy(tool: ToolEntry): JsonObject {
  const definition = present(tool);
  const { outputSchema, ...rest } = definition;
  const type =
    typeof outputSchema === "object" && outputSchema !== null && "type" in outputSchema ? outputSchema.type : "";
  return outputSchema === undefined || type === "object" ? definition : rest;
}
