/** The list of tools that a caller sees at an endpoint, page by page, and for how long clients may keep it. */
import type { Era, JsonObject } from "@outrigger/mcp";
import type { Principal } from "../auth/principal.ts";
import { findByPublicName } from "../catalog/find.ts";
import type { State } from "../state/state.ts";
import type { CallerView, CallerViews } from "../visibility/caller-views.ts";
import type { Decision } from "./decide.ts";
import { offersOf } from "./methods/offers-of.ts";
import { spellToolUris } from "./methods/spell-uris.ts";
import type { Page } from "./page.ts";
import { perDecision } from "./per-decision.ts";
import { readName } from "./present-tools.ts";
import type { ToolPages } from "./tool-pages.ts";
import { isObject } from "./tools/invocation.ts";

/** What lists are made from. */
export interface ListParts {
  readonly state: Pick<State, "catalogue" | "isSettled">;
  readonly view: Pick<CallerViews, "of">;
  readonly pages: ToolPages;
}

/** For how long clients may keep lists, and whether other callers may be given them. */
interface Freshness extends Pick<CallerView, "cacheScope"> {
  readonly ttlMs: number;
}

/** Tools on one page of a list. Most clients read one page only. */
const pageSize = 1_000;
const freshMs = 60_000;
const freshWhileFailingMs = 5_000;

const isAnyDead = perDecision(({ servers }, { maySee }) =>
  [...servers.values()].some((server) => server.state === "Dead" && maySee(server)),
);

/** For how long this caller's lists are fresh: shorter while something is missing that may come back. */
export function readFreshness({ state, view }: ListParts, principal: Principal): Freshness {
  const { cacheScope, decision } = view.of(principal);
  const isWhole = !isAnyDead(state.catalogue(), decision) && state.isSettled();
  return { cacheScope, ttlMs: isWhole ? freshMs : freshWhileFailingMs };
}

/** One page; equal ones are the same array of tools. `cursor`: absent for the first. */
export function takeToolPage(
  { state, view, pages }: ListParts,
  {
    principal,
    era,
    cursor,
  }: { readonly principal: Principal; readonly era: Era; readonly cursor?: string | undefined },
): Page<JsonObject> {
  const own = view.of(principal);
  return pages.take(own.view.listTools(era), {
    ...{ keyOf: readName, size: pageSize, cursor },
    spelling: {
      concerns: isDrawn,
      spell: (tool) => spellTool(state, own.decision, tool),
      by: () => offersOf(state.catalogue(), own.decision),
    },
  });
}

/** Few tools are drawn by a resource. */
function isDrawn({ _meta: meta }: JsonObject): boolean {
  return isObject(meta) && meta["ui"] !== undefined;
}

function spellTool(state: ListParts["state"], decision: Decision, tool: JsonObject): JsonObject {
  if (!isDrawn(tool)) return tool;
  const entry = findByPublicName(state.catalogue(), readName(tool));
  if (entry === undefined) return tool;
  return spellToolUris(tool, (uri) => offersOf(state.catalogue(), decision).spell(entry, uri));
}
