/** Which file holds the servers: the one that is named, else the first of three usual places that exists. */
import { resolve } from "node:path";

/** Where an mcpServers file is looked for, in this order, relative to the working folder. */
export const usualPlaces = ["mcp.json", ".mcp.json", ".cursor/mcp.json"] as const;

/**
 * Picks the configuration file.
 * Shape: `path` is absolute; `shown` is how messages name it. Undefined where nothing is named and no usual place exists.
 */
export function findConfig(options: {
  readonly named: string | undefined;
  readonly cwd: string;
  readonly exists: (path: string) => boolean;
}): { readonly path: string; readonly shown: string } | undefined {
  const { named, cwd, exists } = options;
  if (named !== undefined) return { path: resolve(cwd, named), shown: named };
  const found = usualPlaces.find((place) => exists(resolve(cwd, place)));
  return found === undefined ? undefined : { path: resolve(cwd, found), shown: `./${found}` };
}
