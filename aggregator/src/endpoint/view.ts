/**
 * What one endpoint shows: its list of tools and its instructions, made from the part of the catalogue that it serves. Decides
 * when clients should read the list again; in search mode that is rare, because models' caches break with every change.
 */
import type { Era, JsonObject } from "@outrigger/mcp";
import type { ToolEntry } from "../catalog/entry.ts";
import { describeCatalogue } from "../search/describe.ts";
import type { State } from "../state/state.ts";
import { createDecision, type Decision, type Scope } from "./decide.ts";
import { callToolDefinition } from "./tools/call-tool.ts";
import { describeToolDefinition } from "./tools/describe-tool.ts";
import { defineFindTool } from "./tools/find-tool.ts";
import { listServersDefinition } from "./tools/list-servers.ts";

/** Search: four tools that lead to all others. Direct: every tool under its public name. */
export type Mode = "search" | "direct";

/** What a view is made from. `describeEveryMs`: shortest time between two texts of `find_tool`. */
export interface ViewOptions {
  readonly state: Pick<State, "catalogue" | "index" | "isSettled">;
  readonly scope: Scope;
  readonly mode: Mode;
  readonly nowMs: () => number;
  readonly describeEveryMs?: number;
}

/** One endpoint's view. */
export interface EndpointView {
  readonly mode: Mode;
  readonly decision: Decision;
  readonly instructions: string;
  /** The tools to list, ordered by name. */
  readonly listTools: (era: Era) => readonly JsonObject[];
  /** Brings the view up to the state; true where clients should read the list again. */
  readonly refresh: () => boolean;
  /** Milliseconds until a change that is held back may be shown; undefined where none is. */
  readonly heldBackMs: () => number | undefined;
}

const defaultDescribeEveryMs = 10 * 60_000;

const searchInstructions =
  "This endpoint leads to the tools of many servers. Use find_tool with a description of the task, then call_tool with the " +
  "name of a result and arguments that fit its inputSchema. describe_tool gives a tool's full definition, list_servers what " +
  "there is.";
const directInstructions = "This endpoint offers the tools of many servers; a tool's name begins with its server's.";

/** Creates the view of an endpoint. */
export function createView(options: ViewOptions): EndpointView {
  const decision = createDecision(options.scope);
  return options.mode === "search" ? createSearchView(options, decision) : createDirectView(options, decision);
}

function createSearchView(options: ViewOptions, decision: Decision): EndpointView {
  const { state, nowMs, describeEveryMs = defaultDescribeEveryMs } = options;
  let indexed = state.index();
  let wanted = describeCatalogue(indexed, decision.mayCall);
  let shown = wanted;
  let told = wanted;
  let changedAtMs: number | undefined;

  const waitMs = (): number => {
    // Until all servers were heard for the first time the text may change freely: it was never complete.
    if (changedAtMs === undefined) return 0;
    return Math.max(0, changedAtMs + describeEveryMs - nowMs());
  };
  const adopt = (): void => {
    const index = state.index();
    if (index !== indexed) wanted = describeCatalogue(index, decision.mayCall);
    indexed = index;
    if (wanted === shown || waitMs() > 0) return;
    shown = wanted;
    if (state.isSettled()) changedAtMs = nowMs();
  };
  return {
    mode: "search",
    decision,
    instructions: searchInstructions,
    listTools: () => {
      adopt();
      return [callToolDefinition, describeToolDefinition, defineFindTool(shown), listServersDefinition];
    },
    refresh: () => {
      adopt();
      const hasChanged = told !== shown;
      told = shown;
      return hasChanged;
    },
    heldBackMs: () => (wanted === shown ? undefined : waitMs()),
  };
}

function createDirectView({ state }: ViewOptions, decision: Decision): EndpointView {
  const readVisible = (): readonly ToolEntry[] => state.catalogue().tools.filter(decision.mayCall);
  let told = readVisible();
  let listed: { readonly catalogue: unknown; readonly byEra: Readonly<Record<Era, readonly JsonObject[]>> } | undefined;
  return {
    mode: "direct",
    decision,
    instructions: directInstructions,
    listTools: (era) => {
      const catalogue = state.catalogue();
      if (listed?.catalogue !== catalogue) {
        const tools = readVisible();
        listed = { catalogue, byEra: { legacy: tools.map(presentLegacy), modern: tools.map(present) } };
      }
      return listed.byEra[era];
    },
    refresh: () => {
      const visible = readVisible();
      // The catalogue keeps the identity of what did not change.
      const isSame = visible.length === told.length && visible.every((tool, at) => tool === told[at]);
      told = visible;
      return !isSame;
    },
    heldBackMs: () => undefined,
  };
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
