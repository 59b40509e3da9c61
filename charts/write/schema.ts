/** Writes values.schema.json: unknown keys are refused everywhere but where the user chooses the keys. */
import { closed, isGroup, type Group, type Leaf, type Schema } from "../values/node.ts";

/** The schema as an object. */
export function buildSchema(tree: Group): Schema {
  const root = writeNode(tree) as { readonly properties: Readonly<Record<string, Schema>> };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Values of the chart outrigger",
    ...root,
    // Helm gives every subchart this key, whether it reads it or not.
    properties: { ...root.properties, global: { type: "object" } },
  };
}

/** The file's text. */
export function writeSchema(tree: Group): string {
  return `${JSON.stringify(buildSchema(tree), undefined, 2)}\n`;
}

function writeNode(node: Leaf | Group): Schema {
  if (!isGroup(node)) return { description: node.meaning, ...node.schema };
  const members = Object.entries(node.members).map(([name, child]): [string, Schema] => [name, writeNode(child)]);
  return { description: node.meaning, ...closed(Object.fromEntries(members)) };
}
