/**
 * URIs of resources in results, as the caller has to spell them: links, embedded resources, contents, and the resource that draws a tool.
 * Everything else stays as it came. Pure.
 */
import type { JsonObject } from "@outrigger/mcp";

/** Spells a URI of the server that the result came from. */
export type Spell = (uri: string) => string;

/** The result with its URIs spelled; the same object where none changes. Cost: linear in its blocks, not in their sizes. */
export function spellUris(result: JsonObject, spell: Spell): JsonObject {
  let spelled = result;
  for (const [member, spellMember] of spellers) {
    const value = result[member];
    if (!Array.isArray(value)) continue;
    const before: readonly unknown[] = value;
    const after = before.map((each) => spellMember(each, spell));
    if (after.some((each, at) => each !== before[at])) spelled = { ...spelled, [member]: after };
  }
  return spelled;
}

/** A tool's definition with the URI of the resource that draws it spelled. Source: MCP Apps (io.modelcontextprotocol/ui). */
export function spellToolUris(definition: JsonObject, spell: Spell): JsonObject {
  const { _meta: meta } = definition;
  const ui = isObject(meta) ? meta["ui"] : undefined;
  if (!isObject(meta) || !isObject(ui)) return definition;
  const spelled = spellMember(ui, "resourceUri", spell);
  return spelled === ui ? definition : { ...definition, _meta: { ...meta, ui: spelled } };
}

type Speller = (value: unknown, spell: Spell) => unknown;

const spellBlock: Speller = (block, spell) => {
  if (!isObject(block)) return block;
  if (block["type"] === "resource_link") return spellMember(block, "uri", spell);
  const { resource } = block;
  if (block["type"] !== "resource" || !isObject(resource)) return block;
  const spelled = spellMember(resource, "uri", spell);
  return spelled === resource ? block : { ...block, resource: spelled };
};

const spellMessage: Speller = (message, spell) => {
  if (!isObject(message)) return message;
  const { content } = message;
  const blocks: readonly unknown[] = Array.isArray(content) ? content : [content];
  const spelled = blocks.map((block) => spellBlock(block, spell));
  if (spelled.every((block, at) => block === blocks[at])) return message;
  return { ...message, content: Array.isArray(content) ? spelled : spelled[0] };
};

const spellers: readonly (readonly [string, Speller])[] = [
  ["content", spellBlock],
  ["messages", spellMessage],
  ["contents", (value, spell) => (isObject(value) ? spellMember(value, "uri", spell) : value)],
];

function spellMember(value: JsonObject, member: string, spell: Spell): JsonObject {
  const uri = value[member];
  const spelled = typeof uri === "string" ? spell(uri) : uri;
  return spelled === uri ? value : { ...value, [member]: spelled };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
