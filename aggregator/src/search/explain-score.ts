/**
 * Says why a tool stands where it stands in a search: what each term gave it in each field, what was scaled and raised afterwards. The
 * same stages as search.ts, run once more and looked into; a search that nobody asks about does not come here. Pure.
 */
import { createCandidates, type Candidates, type MayCall } from "./candidates.ts";
import { fields } from "./fields.ts";
import { computeWorth, k1, scoreLexical, weigh, type Worth } from "./lexical.ts";
import { everyDocument, noPostings, readCount, readDocument, readField, readLength, readSlot } from "./postings.ts";
import { planQuery, readIdf, type Query, type WeightedTerm } from "./query.ts";
import { applyServerHint, findExact, normalise } from "./rank.ts";
import type { SearchRequest } from "./request.ts";
import { slotOf, type IndexSnapshot } from "./snapshot.ts";
import { tokenize } from "./tokens.ts";

/** What one field gave for a term. `length` and `average` in terms; the parts of a term add up to its score. */
export interface FieldPart {
  readonly field: string;
  readonly count: number;
  readonly length: number;
  readonly average: number;
  readonly score: number;
}

/**
 * What one term gave. `term` is a stem of the index. `for`: the word of the request that it stands in for, where it is no word of the
 * request itself; `weight`: how much of it counts; `idf`: how rare it is.
 */
export interface TermPart {
  readonly term: string;
  readonly for?: string;
  readonly weight: number;
  readonly idf: number;
  readonly score: number;
  readonly fields: readonly FieldPart[];
}

/**
 * Why a tool stands where it does. `rank` counts from 1 over all candidates that scored, copies included, and is absent where the tool
 * scored nothing; `of` is their number. `raw` is the sum of all terms, `best` the raw score of the best candidate; `score` is what
 * the result shows. `exact`: the request is the tool's name. `absent`: words of the request that gave it nothing.
 */
export interface ScoreExplanation {
  readonly name: string;
  readonly rank?: number;
  readonly of: number;
  readonly score: number;
  readonly raw: number;
  readonly best: number;
  readonly exact: boolean;
  readonly raisedByServer: boolean;
  readonly terms: readonly TermPart[];
  readonly absent: readonly string[];
}

/**
 * Explains tools by their public names, in the order in which they are named. A name that is no candidate is left out: what a caller may
 * not call looks as if it were not there. Cost: one more search, and for each tool one pass over all scores.
 */
export function explainScore(
  snapshot: IndexSnapshot,
  { request, mayCall }: { readonly request: SearchRequest; readonly mayCall: MayCall },
  names: readonly string[],
): readonly ScoreExplanation[] {
  const candidates = createCandidates(snapshot, request.filters, mayCall);
  const query = planQuery(snapshot, request, candidates);
  const raw = scoreLexical(snapshot, query.terms, candidates);
  const scaled = normalise(raw.slice(), candidates);
  const hinted = request.server === undefined ? scaled : applyServerHint(scaled.slice(), snapshot, request.server);
  const ranking: Ranked = {
    snapshot,
    request,
    query,
    candidates,
    raw,
    worth: computeWorth(snapshot),
    scores: request.server === undefined ? scaled : normalise(hinted.slice(), candidates),
    isRaised: (document) => (hinted[document] ?? 0) > (scaled[document] ?? 0),
    exact: findExact(snapshot, request, candidates),
  };
  const wanted = new Set(names);
  const found = new Map<string, ScoreExplanation>();
  for (const [document, { publicName }] of snapshot.tools.entries()) {
    if (wanted.has(publicName) && candidates.takes(document))
      found.set(publicName, explainDocument(ranking, document, publicName));
  }
  return names.map((name) => found.get(name)).filter((each) => each !== undefined);
}

/** A ranking with everything that it was made of. */
interface Ranked {
  readonly snapshot: IndexSnapshot;
  readonly request: SearchRequest;
  readonly query: Query;
  readonly candidates: Candidates;
  readonly raw: Float64Array;
  readonly worth: Worth;
  readonly scores: Float64Array;
  readonly isRaised: (document: number) => boolean;
  readonly exact: number | undefined;
}

function explainDocument(ranked: Ranked, document: number, name: string): ScoreExplanation {
  const { query, request, raw, exact } = ranked;
  const { terms, holds } = explainTerms(ranked, document);
  const words = new Set([...tokenize(request.description), ...tokenize(request.keywords)]);
  const counting = new Set(
    query.words
      .filter(({ id, standIns }) => [id, ...standIns.map((each) => each.id)].some(holds))
      .map(({ word }) => word),
  );
  const { rank, of, best } = findRank(ranked, document);
  return {
    name,
    ...(rank === undefined ? {} : { rank }),
    of,
    score: exact === document ? 1 : Math.min(1, ranked.scores[document] ?? 0),
    raw: raw[document] ?? 0,
    best,
    exact: exact === document,
    raisedByServer: ranked.isRaised(document),
    terms,
    absent: [...words].filter((word) => !counting.has(word)),
  };
}

/** The place in the order of `selectBest`: the named one first, then by score, then by public name. */
function findRank(
  { candidates, scores, raw, exact, snapshot }: Ranked,
  document: number,
): { readonly rank: number | undefined; readonly of: number; readonly best: number } {
  const scoreOf = (each: number): number => (each === exact ? Number.POSITIVE_INFINITY : (scores[each] ?? 0));
  const scored = [...scores.keys()].filter((each) => scoreOf(each) > 0 && candidates.takes(each));
  const nameOf = (each: number): string => snapshot.tools[each]?.publicName ?? "";
  const own = scoreOf(document);
  const isBefore = (other: number): boolean =>
    scoreOf(other) > own || (scoreOf(other) === own && nameOf(other) < nameOf(document));
  return {
    rank: own === 0 ? undefined : scored.filter(isBefore).length + 1,
    of: scored.length,
    best: scored.reduce((best, each) => Math.max(best, raw[each] ?? 0), 0),
  };
}

function explainTerms(
  ranked: Ranked,
  document: number,
): { readonly terms: readonly TermPart[]; readonly holds: (id: number | undefined) => boolean } {
  const held = new Set<number>();
  const terms = ranked.query.terms.flatMap((term): TermPart[] => {
    const part = explainTerm(ranked, document, term);
    if (part === undefined) return [];
    held.add(term.id);
    return [part];
  });
  return { terms: terms.sort((a, b) => b.score - a.score), holds: (id) => id !== undefined && held.has(id) };
}

function explainTerm({ snapshot, query, worth }: Ranked, document: number, term: WeightedTerm): TermPart | undefined {
  const { id, weight } = term;
  const details = findDetails(snapshot, id, document);
  if (details.length === 0) return undefined;
  const strengths = details.map((detail) => weigh(worth, detail));
  const strength = strengths.reduce((sum, each) => sum + each, 0);
  const idf = readIdf(snapshot, id);
  const score = (weight * idf * (k1 + 1) * strength) / (k1 + strength);
  const isOwn = query.words.some((word) => word.id === id);
  const standsFor = query.words.find(({ standIns }) => standIns.some((each) => each.id === id))?.word;
  return {
    term: snapshot.vocabulary.words[id] ?? "",
    ...(isOwn || standsFor === undefined ? {} : { for: standsFor }),
    weight,
    idf,
    score,
    // All fields saturate together, so each has the part of the score that it has of the strength.
    fields: details.map((detail, at) => ({
      field: fields[readField(detail)]?.name ?? "",
      count: readCount(detail),
      length: readLength(detail),
      average: worth.averages[readField(detail)] ?? 0,
      score: (score * (strengths[at] ?? 0)) / strength,
    })),
  };
}

/** The second words of a term's postings that are a document's own or its server's. */
function findDetails(snapshot: IndexSnapshot, id: number, document: number): readonly number[] {
  const slot = slotOf(snapshot, document);
  const own = document - (snapshot.bases[slot] ?? 0);
  const postings = snapshot.postings[id] ?? noPostings;
  const details: number[] = [];
  for (let at = 0; at < postings.length; at += 2) {
    const place = postings[at] ?? 0;
    const isHere = readSlot(place) === slot && [own, everyDocument].includes(readDocument(place));
    if (isHere) details.push(postings[at + 1] ?? 0);
  }
  return details;
}
