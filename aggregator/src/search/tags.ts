/**
 * Reads a tool's tags. The protocol has none, so the places where servers put them are listed here: `_meta` under the key of
 * FastMCP (`fastmcp`, before version 3 `_fastmcp`) or under `outrigger.dev/tags`, and a plain `tags` member.
 */
import type { ToolDefinition } from "../catalog/entry.ts";

const mostTags = 64;

/** The tags in lower case, each once, at most 64. */
export function readTags({ _meta: meta, tags }: ToolDefinition): readonly string[] {
  const places = [
    tags,
    readMember(meta, "outrigger.dev/tags"),
    readMember(readMember(meta, "fastmcp"), "tags"),
    readMember(readMember(meta, "_fastmcp"), "tags"),
  ];
  const listed = places.flatMap((place): readonly unknown[] => (Array.isArray(place) ? place : []));
  const texts = listed.filter((tag) => typeof tag === "string").map(normaliseTag);
  return [...new Set(texts)].filter((tag) => tag !== "").slice(0, mostTags);
}

/** The form in which tags are compared. */
export function normaliseTag(tag: string): string {
  return tag.trim().toLowerCase();
}

function readMember(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}
