/**
 * Reads the catalogue back: a tool by its public name, tools by the name that their servers gave, and names that several
 * servers share. Says what exists, never who may see it: callers filter by their own decision.
 */
import type { ToolEntry } from "./entry.ts";
import type { CatalogueSnapshot } from "./merge.ts";

/** The tool with exactly this public name. Cost: one binary search. */
export function findByPublicName({ tools }: CatalogueSnapshot, publicName: string): ToolEntry | undefined {
  let low = 0;
  let high = tools.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const tool = tools[middle];
    if (tool !== undefined && tool.publicName < publicName) low = middle + 1;
    else high = middle;
  }
  const found = tools[low];
  return found?.publicName === publicName ? found : undefined;
}

/** A server's own tool name, optionally inside one server or namespace. */
export interface OwnName {
  readonly tool: string;
  readonly server?: string;
  readonly namespace?: string;
}

/** All tools with this own name, in order of public name. Cost: one pass over all tools. */
export function findByOwnName(catalogue: CatalogueSnapshot, wanted: OwnName): readonly ToolEntry[] {
  return catalogue.tools.filter(
    (entry) =>
      entry.name === wanted.tool &&
      (wanted.server === undefined || entry.server === wanted.server) &&
      (wanted.namespace === undefined || entry.namespace === wanted.namespace),
  );
}

/** Own names that more than one server lists, each with its public names in order. All of them stay callable. */
export function listCollisions(tools: readonly ToolEntry[]): ReadonlyMap<string, readonly string[]> {
  const byOwnName = new Map<string, string[]>();
  for (const { name, publicName } of tools) {
    const names = byOwnName.get(name);
    if (names === undefined) byOwnName.set(name, [publicName]);
    else names.push(publicName);
  }
  return new Map([...byOwnName].filter(([, names]) => names.length > 1));
}
