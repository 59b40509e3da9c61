/**
 * Decides the order of results from the scores of the arms: scales, applies the server hint, puts the tool that was named
 * exactly first, breaks ties by public name. The stage after `lexical.ts` and before `present.ts`.
 */
import { comparePublicNames } from "../catalog/entry.ts";
import type { Candidates } from "./candidates.ts";
import { findInColumn, hashText } from "./column.ts";
import type { SearchRequest } from "./request.ts";
import type { IndexSnapshot } from "./snapshot.ts";
import { tokenize } from "./tokens.ts";

/** A document of the index with its final score, above 0 and at most 1. */
export interface Ranked {
  readonly document: number;
  readonly score: number;
}

const hintBoost = 1.15;

/**
 * Scales scores in place so that the highest of a candidate is 1; without any nothing changes. Others may stay above 1: they
 * are never selected. Cost: asks for candidates only where a score is the highest so far.
 */
export function normalise(scores: Float64Array, candidates: Candidates): Float64Array {
  let highest = 0;
  for (let document = 0; document < scores.length; document++) {
    const score = scores[document] ?? 0;
    if (score > highest && candidates.takes(document)) highest = score;
  }
  if (highest > 0) for (let at = 0; at < scores.length; at++) scores[at] = (scores[at] ?? 0) / highest;
  return scores;
}

/** Raises, in place, the tools of servers whose name or title shares a stem with the hint. The others stay. */
export function applyServerHint(scores: Float64Array, snapshot: IndexSnapshot, hint: string): Float64Array {
  const stems = tokenize(hint);
  for (const [slot, place] of snapshot.places.entries()) {
    if (place === undefined || !stems.some((stem) => place.segment.nameStems.has(stem))) continue;
    const base = snapshot.bases[slot] ?? 0;
    for (let document = base; document < base + place.segment.server.tools.length; document++) {
      scores[document] = (scores[document] ?? 0) * hintBoost;
    }
  }
  return scores;
}

/**
 * The candidate that the request names exactly: by its public name, or by its own name where no other candidate has it.
 * Cost: a scan of two columns.
 */
export function findExact(
  { tools, columns }: IndexSnapshot,
  { description }: SearchRequest,
  candidates: Candidates,
): number | undefined {
  const name = description.trim();
  const hash = hashText(name);
  const isPublic = (document: number): boolean => tools[document]?.publicName === name && candidates.takes(document);
  const isOwn = (document: number): boolean => tools[document]?.name === name && candidates.takes(document);
  const [named] = findInColumn(columns.publicNames, hash, isPublic);
  if (named !== undefined) return named;
  const own = findInColumn(columns.ownNames, hash, isOwn);
  return own.length === 1 ? own[0] : undefined;
}

/** What to select from. `exact` is the document that was named, if any. */
export interface Ranking {
  readonly snapshot: IndexSnapshot;
  readonly scores: Float64Array;
  readonly candidates: Candidates;
  readonly exact: number | undefined;
}

/**
 * The `count` best candidates with a score, best first, equal ones in order of public name. An exact one comes first with
 * score 1, whatever it scored. Cost: one pass; only what can still be among the best is asked for and sorted.
 */
export function selectBest({ snapshot, scores, candidates, exact }: Ranking, count: number): readonly Ranked[] {
  const compare = (a: Ranked, b: Ranked): number => b.score - a.score || compareNames(snapshot, a, b);
  let pool: Ranked[] = exact === undefined ? [] : [{ document: exact, score: Number.POSITIVE_INFINITY }];
  let least = Number.MIN_VALUE;
  for (let document = 0; document < scores.length; document++) {
    const score = scores[document] ?? 0;
    if (score < least || document === exact || !candidates.takes(document)) continue;
    pool.push({ document, score });
    if (pool.length < count * 4) continue;
    pool = pool.sort(compare).slice(0, count);
    least = pool.at(-1)?.score ?? least;
  }
  const best = pool.sort(compare).slice(0, count);
  return best.map(({ document, score }) => ({ document, score: Math.min(score, 1) }));
}

function compareNames(snapshot: IndexSnapshot, a: Ranked, b: Ranked): number {
  const [first, second] = [snapshot.tools[a.document], snapshot.tools[b.document]];
  return first === undefined || second === undefined ? 0 : comparePublicNames(first, second);
}
