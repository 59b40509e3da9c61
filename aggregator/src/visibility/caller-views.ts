/**
 * The views of one endpoint: one for everybody while all callers see the same, else one for each caller that comes, bounded. Decides whose
 * view a request is answered from, and whether clients may share a list.
 */
import type { CallerFacts } from "@outrigger/policy";
import type { Principal } from "../auth/principal.ts";
import type { Decision } from "../endpoint/decide.ts";
import type { EndpointView } from "../endpoint/view.ts";
import { areSameGuards, noGuards, type Guards } from "./guards.ts";
import { narrowDecision } from "./narrow.ts";

/** What a caller sees of an endpoint, and may call there. `cacheScope`: private where another caller may see something else. */
export interface CallerView {
  readonly view: EndpointView;
  readonly decision: Decision;
  readonly cacheScope: "public" | "private";
}

/** The views of one endpoint. */
export interface CallerViews extends Pick<EndpointView, "refresh" | "heldBackMs" | "instructions" | "hasSearch"> {
  readonly of: (principal: Principal) => CallerView;
  /** The view of a caller that nobody vouches for. */
  readonly shared: EndpointView;
}

/** What views are made from. `decision`: of the endpoint, the same for all callers. */
export interface CallerViewsOptions {
  readonly decision: Decision;
  readonly guards: () => Guards;
  /** What rules see of a caller; undefined for one that nobody vouches for. */
  readonly factsOf: (principal: Principal) => CallerFacts | undefined;
  readonly createView: (decision: Decision) => EndpointView;
}

/** Views kept at once: each holds the lists of a caller. */
const maxViews = 256;

/** Creates the views. */
export function createCallerViews({ decision, guards, factsOf, createView }: CallerViewsOptions): CallerViews {
  const create = (caller: CallerFacts | undefined): Pick<CallerView, "view" | "decision"> => {
    const own = narrowDecision(decision, { guards, caller });
    return { view: createView(own), decision: own };
  };
  const shared = create(undefined);
  const views = new Map<CallerFacts, Pick<CallerView, "view" | "decision">>();
  let toldGuards = noGuards;

  const viewOf = (caller: CallerFacts | undefined): Pick<CallerView, "view" | "decision"> => {
    if (caller === undefined) return shared;
    const found = views.get(caller) ?? create(caller);
    // Whoever came last goes to the end.
    views.delete(caller);
    views.set(caller, found);
    const [oldest] = views.keys();
    if (views.size > maxViews && oldest !== undefined) views.delete(oldest);
    return found;
  };
  const all = (): readonly EndpointView[] => [shared, ...views.values()].map(({ view }) => view);

  return {
    get instructions() {
      return shared.view.instructions;
    },
    hasSearch: shared.view.hasSearch,
    shared: shared.view,
    of: (principal) => {
      if (guards().size === 0) return { ...shared, cacheScope: "public" };
      return { ...viewOf(factsOf(principal)), cacheScope: "private" };
    },
    refresh: () => {
      const now = guards();
      // A caller without a view of its own here may see another list by new rules.
      const isRuledAnew = !areSameGuards(toldGuards, now);
      toldGuards = now;
      if (now.size === 0) views.clear();
      const hasChanged = all().map((view) => view.refresh());
      return isRuledAnew || hasChanged.includes(true);
    },
    heldBackMs: () => {
      const waits = all().flatMap((view) => view.heldBackMs() ?? []);
      return waits.length === 0 ? undefined : Math.min(...waits);
    },
  };
}
