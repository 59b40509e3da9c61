/**
 * Turns a request into weighted terms: its own words by how often they occur, near-equal words of the lexicon, and words
 * spelled almost alike for those that no candidate holds. The stage after `tokens.ts` and before `lexical.ts`.
 */
import type { Candidates } from "./candidates.ts";
import { everyDocument, noPostings, readDocument, readSlot } from "./postings.ts";
import type { SearchRequest } from "./request.ts";
import { sizeOfSlot, type IndexSnapshot } from "./snapshot.ts";
import { tokenize } from "./tokens.ts";
import { findSimilarWords } from "./vocabulary.ts";

/** A term to score: its number in the vocabulary and its weight in the query. */
export interface WeightedTerm {
  readonly id: number;
  readonly weight: number;
}

/**
 * One distinct word of the request (its stem) that candidates hold or that has stand-ins: terms that count for it in part.
 * `id` is absent where no candidate holds the word itself.
 */
export interface QueryWord {
  readonly word: string;
  readonly id: number | undefined;
  readonly count: number;
  readonly idf: number;
  readonly standIns: readonly WeightedTerm[];
}

/**
 * What is looked for. `words` are at most 200, the rarest; `terms` are all terms to score with their summed weights, at most
 * 200; `mass` is the summed idf of all words of the request, known or not.
 */
export interface Query {
  readonly words: readonly QueryWord[];
  readonly terms: readonly WeightedTerm[];
  readonly mass: number;
}

const mostTerms = 200;
const lexiconWeight = 0.3;
const leastLikeness = 0.4;
const mostSimilarWords = 3;
const mostMisspelled = 10;

/** Plans a query. No words at all (only stop words, punctuation, emoji) gives a plan of mass 0. */
export function planQuery(snapshot: IndexSnapshot, request: SearchRequest, candidates: Candidates): Query {
  const counts = countWords(request);
  const near = findNearWords(snapshot, counts, candidates);
  let misspelled = 0;
  const words = [...counts].map(([word, count]): QueryWord => {
    const known = snapshot.vocabulary.ids.get(word);
    const idf = readIdf(snapshot, known);
    const standIns = near.get(word) ?? [];
    if (known !== undefined && isHeldByCandidate(snapshot, known, candidates))
      return { word, id: known, count, idf, standIns };
    const spellings = misspelled++ < mostMisspelled ? findSpellings(snapshot, word, candidates) : [];
    return { word, id: undefined, count, idf, standIns: [...standIns, ...spellings] };
  });
  const chosen = keepRarest(words.filter(({ id, standIns }) => id !== undefined || standIns.length > 0));
  return { words: chosen, terms: sumTerms(chosen), mass: words.reduce((sum, { count, idf }) => sum + count * idf, 0) };
}

/** Inverse document frequency over the whole catalogue; highest for a word that no document holds. Source: BM25, as in Lucene. */
export function readIdf(snapshot: IndexSnapshot, id: number | undefined): number {
  const frequency = id === undefined ? 0 : (snapshot.frequencies[id] ?? 0);
  return Math.log(1 + (snapshot.tools.length - frequency + 0.5) / (frequency + 0.5));
}

function countWords(request: SearchRequest): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const words = [...tokenize(request.description), ...tokenize(request.keywords)];
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** A long text keeps its most telling words; sorting is stable, so equal ones stay in order of appearance. */
function keepRarest(words: readonly QueryWord[]): readonly QueryWord[] {
  if (words.length <= mostTerms) return words;
  return [...words].sort((a, b) => b.idf - a.idf).slice(0, mostTerms);
}

/** Members of lexicon groups that the request does not hold itself; each stands in for the first word that names it. */
function findNearWords(
  snapshot: IndexSnapshot,
  counts: ReadonlyMap<string, number>,
  candidates: Candidates,
): ReadonlyMap<string, WeightedTerm[]> {
  const near = new Map<string, WeightedTerm[]>();
  const used = new Set<string>();
  for (const word of counts.keys()) {
    const added: WeightedTerm[] = [];
    for (const member of snapshot.lexicon.get(word) ?? []) {
      const id = snapshot.vocabulary.ids.get(member);
      if (id === undefined || counts.has(member) || used.has(member)) continue;
      if (!isHeldByCandidate(snapshot, id, candidates)) continue;
      used.add(member);
      added.push({ id, weight: lexiconWeight });
    }
    near.set(word, added);
  }
  return near;
}

function findSpellings(snapshot: IndexSnapshot, word: string, candidates: Candidates): readonly WeightedTerm[] {
  const spellings: WeightedTerm[] = [];
  for (const { id, likeness } of findSimilarWords(snapshot.vocabulary, word, leastLikeness)) {
    if (spellings.length === mostSimilarWords) break;
    if (isHeldByCandidate(snapshot, id, candidates)) spellings.push({ id, weight: likeness });
  }
  return spellings;
}

/** Looks at candidates, not at the catalogue: a word that only hidden tools hold is as unknown as one that none holds. */
function isHeldByCandidate(snapshot: IndexSnapshot, id: number, candidates: Candidates): boolean {
  const postings = snapshot.postings[id] ?? noPostings;
  for (let at = 0; at < postings.length; at += 2) {
    const place = postings[at] ?? 0;
    const slot = readSlot(place);
    if (!candidates.takesSlot(slot)) continue;
    const base = snapshot.bases[slot] ?? 0;
    const isWhole = readDocument(place) === everyDocument;
    const first = isWhole ? base : base + readDocument(place);
    const end = isWhole ? base + sizeOfSlot(snapshot, slot) : first + 1;
    for (let document = first; document < end; document++) if (candidates.takes(document)) return true;
  }
  return false;
}

function sumTerms(words: readonly QueryWord[]): readonly WeightedTerm[] {
  const weights = new Map<number, number>();
  const add = (id: number, weight: number): void => void weights.set(id, (weights.get(id) ?? 0) + weight);
  for (const { id, count } of words) if (id !== undefined) add(id, count);
  for (const { standIns } of words) for (const { id, weight } of standIns) add(id, weight);
  return [...weights].slice(0, mostTerms).map(([id, weight]) => ({ id, weight }));
}
