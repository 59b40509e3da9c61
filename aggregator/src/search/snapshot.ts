/**
 * Puts segments together to one immutable index and swaps servers in and out. Decides frequencies and average lengths over
 * the whole catalogue. Readers keep the snapshot they hold; a change touches the lists of its own terms, and the result
 * equals an index built anew.
 */
import type { ServerEntry, ToolEntry } from "../catalog/entry.ts";
import type { CatalogueSnapshot } from "../catalog/merge.ts";
import { joinColumns } from "./column.ts";
import { fields } from "./fields.ts";
import { createLexicon, type Lexicon } from "./lexicon.ts";
import { changePostings, countDocuments, noPostings } from "./postings.ts";
import { buildSegment, type Columns, type Segment } from "./segment.ts";
import { createStemmer } from "./tokens.ts";
import { createVocabulary, internWord, type Vocabulary } from "./vocabulary.ts";

/** A segment in its slot. `termIds` are the numbers of its terms in the vocabulary, each once. */
export interface Place {
  readonly segment: Segment;
  readonly termIds: Int32Array;
}

/**
 * The whole index. A document's number is `bases[slot]` plus its position in the segment; `tools` holds the documents in
 * that order. `postings[id]` and `frequencies[id]` are the postings of a term and the number of documents that hold it;
 * both may be shorter than the vocabulary, where newer snapshots added words.
 */
export interface IndexSnapshot {
  readonly lexicon: Lexicon;
  readonly vocabulary: Vocabulary;
  readonly postings: readonly (Uint32Array | undefined)[];
  readonly frequencies: Int32Array;
  readonly places: readonly (Place | undefined)[];
  readonly bases: Int32Array;
  /** Slot of each server, keyed by `namespace/server`. */
  readonly slots: ReadonlyMap<string, number>;
  readonly tools: readonly ToolEntry[];
  readonly columns: Columns;
  /** Sum of lengths, and number of documents that are not empty, per field. */
  readonly lengthSums: Float64Array;
  readonly filled: Float64Array;
}

/**
 * A copy that is being changed: first segments leave, then others come. `left` holds those taken out by slot; `touched` the
 * new postings of each term that is affected, as pairs of words.
 */
interface Draft extends IndexSnapshot {
  readonly places: (Place | undefined)[];
  readonly slots: Map<string, number>;
  readonly left: Map<number, Segment>;
  readonly touched: Map<number, number[]>;
  readonly stemWord: (word: string) => string;
}

const leastWasteToCompact = 20_000;

/** An index without servers. */
export function emptySnapshot(): IndexSnapshot {
  return {
    lexicon: createLexicon(),
    vocabulary: createVocabulary(),
    postings: [],
    frequencies: new Int32Array(0),
    places: [],
    bases: new Int32Array(0),
    slots: new Map(),
    tools: [],
    columns: joinAllColumns([]),
    lengthSums: new Float64Array(fields.length),
    filled: new Float64Array(fields.length),
  };
}

/** The index with this server as it is now, new or in place of its former self. Unchanged texts are not indexed again. */
export function withServer(snapshot: IndexSnapshot, server: ServerEntry): IndexSnapshot {
  return change(snapshot, { gone: [], changed: [server] });
}

/** The index without this server (`namespace/server`). */
export function withoutServer(snapshot: IndexSnapshot, key: string): IndexSnapshot {
  return change(snapshot, { gone: [key], changed: [] });
}

/** The index brought up to a catalogue in one step: what is gone leaves, what is new or changed comes in. */
export function followCatalogue(snapshot: IndexSnapshot, catalogue: CatalogueSnapshot): IndexSnapshot {
  const gone = [...snapshot.slots.keys()].filter((key) => !catalogue.servers.has(key));
  const changed = [...catalogue.servers.values()].filter(
    (server) => findPlace(snapshot, server)?.segment.server !== server,
  );
  return change(snapshot, { gone, changed });
}

/** The slot of a document. Cost: one binary search. */
export function slotOf({ bases }: IndexSnapshot, document: number): number {
  let low = 0;
  let high = bases.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((bases[middle] ?? 0) <= document) low = middle + 1;
    else high = middle;
  }
  // An empty slot has the base of the next filled one, so the last of equals is the one that holds documents.
  return low - 1;
}

/** The number of documents in a slot. */
export function sizeOfSlot(snapshot: IndexSnapshot, slot: number): number {
  return snapshot.places[slot]?.segment.server.tools.length ?? 0;
}

interface Change {
  readonly gone: readonly string[];
  readonly changed: readonly ServerEntry[];
}

function change(snapshot: IndexSnapshot, { gone, changed }: Change): IndexSnapshot {
  const leaving = gone.filter((key) => snapshot.slots.has(key));
  if (leaving.length === 0 && changed.length === 0) return snapshot;
  const draft: Draft = {
    ...snapshot,
    places: [...snapshot.places],
    slots: new Map(snapshot.slots),
    lengthSums: snapshot.lengthSums.slice(),
    filled: snapshot.filled.slice(),
    left: new Map(),
    touched: new Map(),
    stemWord: createStemmer(),
  };
  const rebuilt = changed.filter((server) => !refreshServer(draft, server));
  // All leave before any comes: slots are then filled in ascending order, the order of postings.
  for (const key of [...leaving, ...rebuilt.map((server) => server.key)]) takeServer(draft, key);
  for (const server of rebuilt) putServer(draft, server);
  return closeDraft(draft);
}

function findPlace({ slots, places }: IndexSnapshot, { key }: ServerEntry): Place | undefined {
  const slot = slots.get(key);
  return slot === undefined ? undefined : places[slot];
}

/** Takes over what is not indexed (state, findings); false where texts changed, too. */
function refreshServer(draft: Draft, server: ServerEntry): boolean {
  const slot = draft.slots.get(server.key);
  const place = findPlace(draft, server);
  if (slot === undefined || place === undefined || !hasSameTexts(place.segment.server, server)) return false;
  draft.places[slot] = { ...place, segment: { ...place.segment, server } };
  return true;
}

function putServer(draft: Draft, server: ServerEntry): void {
  const free = draft.places.indexOf(undefined);
  const slot = free < 0 ? draft.places.length : free;
  const termIds = new Set<number>();
  const addPosting = (term: string, place: number, detail: number): void => {
    const id = internWord(draft.vocabulary, term);
    termIds.add(id);
    touch(draft, id).push(place, detail);
  };
  const segment = buildSegment(server, { slot, addPosting, stemWord: draft.stemWord });
  draft.places[slot] = { segment, termIds: Int32Array.from(termIds) };
  draft.slots.set(server.key, slot);
  addLengths(draft, segment, 1);
}

function takeServer(draft: Draft, key: string): void {
  const slot = draft.slots.get(key);
  const place = slot === undefined ? undefined : draft.places[slot];
  if (slot === undefined || place === undefined) return;
  draft.places[slot] = undefined;
  draft.slots.delete(key);
  draft.left.set(slot, place.segment);
  for (const id of place.termIds) touch(draft, id);
  addLengths(draft, place.segment, -1);
}

function touch(draft: Draft, id: number): number[] {
  const known = draft.touched.get(id);
  if (known !== undefined) return known;
  const added: number[] = [];
  draft.touched.set(id, added);
  return added;
}

function hasSameTexts(a: ServerEntry, b: ServerEntry): boolean {
  return a.tools === b.tools && a.title === b.title && a.description === b.description;
}

function addLengths(draft: Draft, segment: Segment, sign: 1 | -1): void {
  for (let field = 0; field < fields.length; field++) {
    draft.lengthSums[field] = (draft.lengthSums[field] ?? 0) + sign * (segment.lengthSums[field] ?? 0);
    draft.filled[field] = (draft.filled[field] ?? 0) + sign * (segment.filled[field] ?? 0);
  }
}

function closeDraft({ left, touched, stemWord, ...draft }: Draft): IndexSnapshot {
  const bases = new Int32Array(draft.places.length);
  const tools: ToolEntry[] = [];
  for (const [slot, place] of draft.places.entries()) {
    bases[slot] = tools.length;
    for (const tool of place?.segment.server.tools ?? []) tools.push(tool);
  }
  return compact({
    ...draft,
    ...mergePostings({ ...draft, left, touched, stemWord }),
    bases,
    tools,
    columns: joinAllColumns(draft.places),
  });
}

function joinAllColumns(places: readonly (Place | undefined)[]): Columns {
  const columns = places.flatMap((place) => (place === undefined ? [] : [place.segment.columns]));
  return {
    publicNames: joinColumns(columns.map((each) => each.publicNames)),
    ownNames: joinColumns(columns.map((each) => each.ownNames)),
    copies: joinColumns(columns.map((each) => each.copies)),
  };
}

function mergePostings(draft: Draft): Pick<IndexSnapshot, "postings" | "frequencies"> {
  const postings = [...draft.postings];
  const frequencies = new Int32Array(Math.max(draft.frequencies.length, draft.vocabulary.words.length));
  frequencies.set(draft.frequencies);
  const left = [...draft.left.keys()].sort((a, b) => a - b);
  const sizeOfLeft = (slot: number): number => draft.left.get(slot)?.server.tools.length ?? 0;
  for (const [id, added] of draft.touched) {
    const { next, taken } = changePostings(postings[id] ?? noPostings, { left, added });
    const gained = countDocuments(added, (slot) => sizeOfSlot(draft, slot));
    postings[id] = next;
    frequencies[id] = (frequencies[id] ?? 0) + gained - countDocuments(taken, sizeOfLeft);
  }
  return { postings, frequencies };
}

/** Words of servers that are gone would pile up for ever where lists keep changing: beyond a bound they are let go. */
function compact(snapshot: IndexSnapshot): IndexSnapshot {
  const words = snapshot.vocabulary.words;
  if (words.length <= leastWasteToCompact) return snapshot;
  const living = snapshot.frequencies.reduce((sum, frequency) => sum + (frequency > 0 ? 1 : 0), 0);
  if (words.length - living <= Math.max(living, leastWasteToCompact)) return snapshot;
  const vocabulary = createVocabulary();
  const newIds = new Int32Array(words.length);
  const postings: (Uint32Array | undefined)[] = [];
  const frequencies = new Int32Array(living);
  for (const [id, word] of words.entries()) {
    if ((snapshot.frequencies[id] ?? 0) === 0) continue;
    const newId = internWord(vocabulary, word);
    newIds[id] = newId;
    postings[newId] = snapshot.postings[id];
    frequencies[newId] = snapshot.frequencies[id] ?? 0;
  }
  const places = snapshot.places.map(
    (place) => place && { ...place, termIds: place.termIds.map((id) => newIds[id] ?? 0) },
  );
  return { ...snapshot, vocabulary, postings, frequencies, places };
}
