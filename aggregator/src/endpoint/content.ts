/**
 * What one endpoint serves at this moment: its part of the catalogue, the decision about it and its view, always by the plan in force. What
 * holds a content keeps it while the plan changes, as sessions do.
 */
import { anonymous } from "../auth/principal.ts";
import type { CatalogueSnapshot } from "../catalog/merge.ts";
import { createLens } from "../plan/lens.ts";
import type { EndpointPlan } from "../plan/plan.ts";
import { emptySnapshot, followCatalogue, type IndexSnapshot } from "../search/snapshot.ts";
import type { State } from "../state/state.ts";
import { createDecision, type Decision } from "./decide.ts";
import { createCallerViews, type CallerViews, type CallerViewsOptions } from "../visibility/caller-views.ts";
import { guardsOf } from "../visibility/guards.ts";
import { createView } from "./view.ts";

/** What contents are made from. `planOf` gives the same plan again as long as it is in force. */
export interface ContentOptions {
  readonly state: State;
  readonly planOf: () => EndpointPlan;
  readonly factsOf: CallerViewsOptions["factsOf"];
  readonly nowMs: () => number;
  readonly describeEveryMs?: number | undefined;
}

/** What an endpoint serves. */
export interface EndpointContent {
  readonly state: State;
  readonly decision: Decision;
  readonly view: CallerViews;
}

/** Creates it. */
export function createContent(options: ContentOptions): EndpointContent {
  const { state, planOf } = options;
  let plan = planOf();
  let current = build(options, plan);
  let isReplaced = false;
  const now = (): EndpointContent => {
    const next = planOf();
    if (next === plan) return current;
    isReplaced ||= !hasSameList(current, (current = build(options, next)));
    plan = next;
    return current;
  };
  const refresh = (): boolean => {
    const hasChanged = now().view.refresh() || isReplaced;
    isReplaced = false;
    return hasChanged;
  };
  return {
    state: { ...state, catalogue: () => now().state.catalogue(), index: () => now().state.index() },
    decision: {
      mayCall: (tool) => now().decision.mayCall(tool),
      mayUse: (target) => now().decision.mayUse(target),
      maySee: (server) => now().decision.maySee(server),
      edition: () => now().decision,
    },
    view: {
      get hasSearch() {
        return now().view.hasSearch;
      },
      get instructions() {
        return now().view.instructions;
      },
      get shared() {
        return now().view.shared;
      },
      of: (principal) => now().view.of(principal),
      refresh,
      heldBackMs: () => now().view.heldBackMs(),
    },
  };
}

/** Whether two plans show the same to callers without rules of their own. Modern lists hold everything that legacy ones do. */
function hasSameList(one: EndpointContent, other: EndpointContent): boolean {
  const [before, after] = [one, other].map(({ view }) => JSON.stringify(view.of(anonymous).view.listTools("modern")));
  return before === after;
}

function build({ state, factsOf, nowMs, describeEveryMs }: ContentOptions, plan: EndpointPlan): EndpointContent {
  const { scope, exposure, reshape, about } = plan;
  const seen = reshape === undefined ? state : reshapeState(state, createLens(reshape));
  const decision = createDecision(scope);
  const writeInstructions = reshape?.kind === "server" ? () => introduceServer(seen, reshape.server) : undefined;
  const shown = { state: seen, exposure, about, writeInstructions, nowMs, describeEveryMs };
  const view = createCallerViews({
    ...{ decision, factsOf, guards: () => guardsOf(state.catalogue()) },
    createView: (own) => createView({ ...shown, decision: own }),
  });
  return { state: seen, decision, view };
}

/** What a client of one server is told: where it is, and what the server says of itself after its policy. */
function introduceServer(state: State, server: string): string {
  const [entry] = state.catalogue().servers.values();
  const told = [...(entry?.replicas.keys() ?? [])].map((key) => state.view(key)?.feed?.identity.instructions);
  const own = told.find((text) => text !== undefined && text !== "");
  const where = `This endpoint offers the tools of the server ${server} alone, under the names that it gives them.`;
  return own === undefined ? where : `${where}\n\n${own}`;
}

/** The state with another catalogue, and an index of its own that is built when it is first asked for. */
function reshapeState(state: State, lens: (catalogue: CatalogueSnapshot) => CatalogueSnapshot): State {
  let index: IndexSnapshot | undefined;
  const catalogue = (): CatalogueSnapshot => lens(state.catalogue());
  return { ...state, catalogue, index: () => (index = followCatalogue(index ?? emptySnapshot(), catalogue())) };
}
