/**
 * Decides what is said beside the results: how sure the best one is, names that may have been meant, one sentence of advice.
 * Never removes or reorders a result; suggests only what the caller may call.
 */
import { nearestNames } from "../catalog/nearest.ts";
import { listCandidates } from "./candidates.ts";
import type { ResultPlace } from "./collapse.ts";
import { everyDocument, noPostings, readDocument, readSlot } from "./postings.ts";
import type { Query, QueryWord } from "./query.ts";
import type { Ranking } from "./rank.ts";
import type { SearchRequest } from "./request.ts";
import { slotOf, type IndexSnapshot } from "./snapshot.ts";

/** What stands beside the results. */
export interface Advice {
  readonly confidence: "normal" | "low";
  readonly didYouMean: readonly string[];
  readonly hint?: string;
}

// Below this share of the query's idf mass the best tool was likely found by side words. Separates weakly: on three open sets
// it marks 4 to 20 % of requests for one thing that have an answer, half of long task texts, and 40 to 60 % of requests that
// belong to another set.
const leastCoverage = 0.2;
const suggestionCount = 3;
const longestName = 128;

const hints = {
  nothingToFind: "Describe the task in a few plain words, or call list_servers to see what there is.",
  nothingFound: "No tool matches. Use other words for the task, or call list_servers to see what there is.",
  weak: "The match is weak. Describe the task in other words and name the system that it concerns.",
} as const;

/** Judges a search after its results are known. */
export function advise(
  { request, query }: { readonly request: SearchRequest; readonly query: Query },
  ranking: Ranking,
  places: readonly ResultPlace[],
): Advice {
  const best = places[0];
  const didYouMean = suggestNames(request, ranking, best);
  if (best === undefined) {
    const hint = query.mass === 0 ? hints.nothingToFind : hints.nothingFound;
    return { confidence: "low", didYouMean, hint };
  }
  const isSure =
    ranking.exact !== undefined || measureCoverage(ranking.snapshot, query, best.document) >= leastCoverage;
  return isSure ? { confidence: "normal", didYouMean } : { confidence: "low", didYouMean, hint: hints.weak };
}

/** Only a request that looks like a name, or a short one that found nothing, can be a misspelled name. */
function suggestNames(
  { description }: SearchRequest,
  { snapshot, candidates, exact }: Ranking,
  best: ResultPlace | undefined,
): readonly string[] {
  const name = description.trim();
  const isNameLike = /^\S+$/.test(name) && (best === undefined || name.includes("_"));
  if (exact !== undefined || !isNameLike || name.length > longestName) return [];
  const visible = listCandidates(snapshot, candidates).map((tool) => tool.publicName);
  return nearestNames(name, visible, suggestionCount);
}

/** The share of the query's idf mass that a document holds, 0 to 1; a stand-in counts by its weight. */
function measureCoverage(snapshot: IndexSnapshot, { words, mass }: Query, document: number): number {
  const covered = words.reduce((sum, word) => sum + word.count * word.idf * measureWord(snapshot, word, document), 0);
  return mass === 0 ? 0 : covered / mass;
}

function measureWord(snapshot: IndexSnapshot, { id, standIns }: QueryWord, document: number): number {
  if (id !== undefined && isHeldBy(snapshot, id, document)) return 1;
  return standIns.reduce((best, standIn) => {
    return standIn.weight > best && isHeldBy(snapshot, standIn.id, document) ? Math.min(1, standIn.weight) : best;
  }, 0);
}

function isHeldBy(snapshot: IndexSnapshot, id: number, document: number): boolean {
  const slot = slotOf(snapshot, document);
  const own = document - (snapshot.bases[slot] ?? 0);
  const postings = snapshot.postings[id] ?? noPostings;
  for (let at = 0; at < postings.length; at += 2) {
    const place = postings[at] ?? 0;
    if (readSlot(place) !== slot) continue;
    if (readDocument(place) === own || readDocument(place) === everyDocument) return true;
  }
  return false;
}
