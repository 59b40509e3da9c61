/**
 * Gives copies of one tool a single place: the same definition from servers of the same title and description, as when one
 * server runs in five namespaces. The best-ranked copy stands for all; the others are named beside it and stay callable.
 */
import { findInColumn } from "./column.ts";
import { selectBest, type Ranked, type Ranking } from "./rank.ts";
import { slotOf, type IndexSnapshot } from "./snapshot.ts";

/** One place in a result list. `copies` are public names in byte order, without the place's own. */
export interface ResultPlace extends Ranked {
  readonly copies: readonly string[];
}

/** The best `limit` places. Looks further down the ranking until copies have left enough places or nothing is left. */
export function fillPlaces(ranking: Ranking, limit: number): readonly ResultPlace[] {
  const { snapshot } = ranking;
  let count = limit * 2;
  let ranked = selectBest(ranking, count);
  let firsts = keepFirstCopies(snapshot, ranked);
  while (firsts.length < limit && ranked.length === count) {
    count *= 4;
    ranked = selectBest(ranking, count);
    firsts = keepFirstCopies(snapshot, ranked);
  }
  return firsts.slice(0, limit).map((place) => ({ ...place, copies: listCopies(ranking, place.document) }));
}

function keepFirstCopies(snapshot: IndexSnapshot, ranked: readonly Ranked[]): readonly Ranked[] {
  const seen = new Set<string | undefined>();
  return ranked.filter(({ document }) => {
    const key = copyKeyOf(snapshot, document);
    return !seen.has(key) && seen.add(key);
  });
}

function copyKeyOf(snapshot: IndexSnapshot, document: number): string | undefined {
  const slot = slotOf(snapshot, document);
  return snapshot.places[slot]?.segment.copyKeys[document - (snapshot.bases[slot] ?? 0)];
}

function listCopies({ snapshot, candidates }: Ranking, document: number): readonly string[] {
  const key = copyKeyOf(snapshot, document);
  const isCopy = (other: number): boolean =>
    other !== document && copyKeyOf(snapshot, other) === key && candidates.takes(other);
  const copies = findInColumn(snapshot.columns.copies, snapshot.columns.copies[document] ?? 0, isCopy);
  return copies.map((other) => snapshot.tools[other]?.publicName ?? "").sort();
}
