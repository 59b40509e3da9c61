/**
 * The whole search, and the only file that knows its order: candidates -> query -> arms -> rank -> collapse -> advise ->
 * present. One function for `find_tool`, REST and the command line; pure, so the same request on the same index gives the
 * same bytes.
 */
import { countBaseline } from "./account.ts";
import { advise } from "./advise.ts";
import { createCandidates, type MayCall } from "./candidates.ts";
import { fillPlaces } from "./collapse.ts";
import { scoreLexical } from "./lexical.ts";
import { present, type SearchOutcome } from "./present.ts";
import { planQuery } from "./query.ts";
import { applyServerHint, findExact, normalise, type Ranking } from "./rank.ts";
import type { SearchRequest } from "./request.ts";
import type { IndexSnapshot } from "./snapshot.ts";

/**
 * Finds the tools for a request among those that the caller may call.
 * Shape: `request` comes from `parseSearchRequest`; `mayCall` is asked at most once per tool.
 * Errors: none; a request that finds nothing gets an empty list and a hint.
 */
export function search(snapshot: IndexSnapshot, request: SearchRequest, mayCall: MayCall): SearchOutcome {
  const candidates = createCandidates(snapshot, request.filters, mayCall);
  const query = planQuery(snapshot, request, candidates);
  const lexical = normalise(scoreLexical(snapshot, query.terms, candidates), candidates);
  const scores =
    request.server === undefined ? lexical : normalise(applyServerHint(lexical, snapshot, request.server), candidates);
  const ranking: Ranking = { snapshot, scores, candidates, exact: findExact(snapshot, request, candidates) };
  const places = fillPlaces(ranking, request.limit);
  const advice = advise({ request, query }, ranking, places);
  return present(snapshot, request, { places, advice, baselineTokens: countBaseline(snapshot, candidates) });
}
