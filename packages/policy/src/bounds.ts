/** Bounds of single tools: how large a call and its answer may be and how long it may take, how its arguments may nest. Pure. */
import type { CompiledPolicy, ToolBounds } from "./compiled.ts";
import type { PolicyDocument } from "./document/document.ts";
import { compileGlobs, matchesAny } from "./glob.ts";

/** What holds for one tool, the smallest of all that is said. Undefined depth and entries are bounded by the scan and the size alone. */
export interface BoundsInForce {
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  readonly maxDepth: number | undefined;
  readonly maxEntries: number | undefined;
  /** Of a whole call, in ms; undefined where policy bounds it by nothing. */
  readonly maxDurationMs: number | undefined;
}

/** Compiles all layers' bounds of tools; undefined where there are none. */
export function compileBounds(layers: readonly PolicyDocument[]): readonly ToolBounds[] | undefined {
  const bounds = layers.flatMap(({ sizes }) => {
    const { maxDepth, maxEntries, maxDurationMs, perTool } = sizes;
    if ((maxDepth ?? maxEntries ?? maxDurationMs) === undefined) return perTool;
    const ofAll = {
      tools: ["*"],
      ...(maxDepth === undefined ? {} : { maxDepth }),
      ...(maxEntries === undefined ? {} : { maxEntries }),
      ...(maxDurationMs === undefined ? {} : { maxDurationMs }),
    };
    return [ofAll, ...perTool];
  });
  if (bounds.length === 0) return undefined;
  return bounds.map(({ tools, ...rest }) => ({ ...rest, tools: compileGlobs(tools) }));
}

/** The bounds of one tool. */
export function boundsOf(policy: CompiledPolicy, tool: string): BoundsInForce {
  const matching = (policy.bounds ?? []).filter(({ tools }) => matchesAny(tools, tool));
  const least = (values: readonly (number | undefined)[]): number | undefined => {
    const said = values.filter((value) => value !== undefined);
    return said.length === 0 ? undefined : Math.min(...said);
  };
  const { maxRequestBytes, maxResponseBytes } = policy;
  return {
    maxRequestBytes: least([maxRequestBytes, ...matching.map((each) => each.maxRequestBytes)]) ?? maxRequestBytes,
    maxResponseBytes: least([maxResponseBytes, ...matching.map((each) => each.maxResponseBytes)]) ?? maxResponseBytes,
    maxDepth: least(matching.map((each) => each.maxDepth)),
    maxEntries: least(matching.map((each) => each.maxEntries)),
    maxDurationMs: least(matching.map((each) => each.maxDurationMs)),
  };
}

/** Where arguments are out of bounds, and how, in words that somebody can act on; undefined where they are not. */
export function findExcess(args: unknown, bounds: Pick<BoundsInForce, "maxDepth" | "maxEntries">): string | undefined {
  const { maxDepth = Number.POSITIVE_INFINITY, maxEntries = Number.POSITIVE_INFINITY } = bounds;
  const find = (value: unknown, at: string, depth: number): string | undefined => {
    if (typeof value !== "object" || value === null) return undefined;
    if (depth > maxDepth) return `at "${at}": nests deeper than the ${maxDepth} levels that are allowed`;
    const entries = Object.entries(value);
    if (entries.length > maxEntries)
      return `at "${at === "" ? "/" : at}": has ${entries.length} entries, ${maxEntries} are allowed`;
    for (const [key, item] of entries) {
      const found = find(item, `${at}/${key.slice(0, 64)}`, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return find(args, "", 1);
}
