/**
 * The packed form of postings and the few ways of walking them. A posting says that a term occurs in one field of one tool,
 * or in a field of the server, which then holds for all its tools. What a posting is worth is decided in `lexical.ts`.
 *
 * Two 32-bit words each: slot (21 bits) and document within the slot (11 bits); field (3), field length (16), count (3).
 * In a list slots ascend; within a slot the server's postings come first, then documents ascend, then fields.
 */

/** Stands for every document of the slot. Above the 2,000 tools that a server may have. */
export const everyDocument = 2_047;

/** The highest count that is kept: repeats beyond it say nothing more, though they still lengthen their field. */
const mostRepeats = 5;

/** One posting, unpacked. `length` is the number of terms of the whole field. */
export interface Posting {
  readonly slot: number;
  readonly document: number;
  readonly field: number;
  readonly count: number;
  readonly length: number;
}

const documentBits = 11;
const countBits = 3;
const lengthBits = 16;
const longestCounted = 2 ** lengthBits - 1;

/** An empty list. */
export const noPostings: Uint32Array = new Uint32Array(0);

/** The first word of a posting. */
export function packPlace({ slot, document }: Pick<Posting, "slot" | "document">): number {
  return ((slot << documentBits) | document) >>> 0;
}

/** The second word of a posting. Counts and lengths are capped. */
export function packDetail({ field, count, length }: Omit<Posting, "slot" | "document">): number {
  const capped = (Math.min(length, longestCounted) << countBits) | Math.min(count, mostRepeats);
  return (field << (countBits + lengthBits)) | capped;
}

/** The slot that a first word names. */
export function readSlot(place: number): number {
  return place >>> documentBits;
}

/** The document that a first word names, or {@link everyDocument}. */
export function readDocument(place: number): number {
  return place & everyDocument;
}

/** The field that a second word names. */
export function readField(detail: number): number {
  return detail >>> (countBits + lengthBits);
}

/** The field length in a second word. */
export function readLength(detail: number): number {
  return (detail >>> countBits) & longestCounted;
}

/** The count in a second word. */
export function readCount(detail: number): number {
  return detail & (2 ** countBits - 1);
}

/** What leaves a list and what comes in: `left` are ascending slots, `added` are words of postings in order of slot. */
export interface PostingChange {
  readonly left: readonly number[];
  readonly added: readonly number[];
}

/** The list after a change, with what was taken out of it. A slot that left may come back. Cost: one copy of the list. */
export function changePostings(
  postings: Uint32Array,
  { left, added }: PostingChange,
): { readonly next: Uint32Array; readonly taken: Uint32Array } {
  const incoming = Uint32Array.from(added);
  if (postings.length === 0) return { next: incoming, taken: noPostings };
  const pieces: Uint32Array[] = [];
  const taken: Uint32Array[] = [];
  const done = { postings: 0, incoming: 0, left: 0 };
  while (done.incoming < incoming.length || done.left < left.length) {
    const coming = done.incoming < incoming.length ? readSlot(incoming[done.incoming] ?? 0) : Number.POSITIVE_INFINITY;
    const going = left[done.left] ?? Number.POSITIVE_INFINITY;
    const slot = Math.min(coming, going);
    const first = findSlot(postings, slot);
    const end = slot === going ? findSlot(postings, slot + 1) : first;
    const stop = slot === coming ? findSlot(incoming, slot + 1) : done.incoming;
    pieces.push(postings.subarray(done.postings, first), incoming.subarray(done.incoming, stop));
    taken.push(postings.subarray(first, end));
    done.postings = end;
    done.incoming = stop;
    done.left += slot === going ? 1 : 0;
  }
  pieces.push(postings.subarray(done.postings));
  return { next: join(pieces), taken: join(taken) };
}

/** Number of documents with any of the postings; `sizeOf` gives the number of documents of a slot. */
export function countDocuments(postings: ArrayLike<number>, sizeOf: (slot: number) => number): number {
  let documents = 0;
  let last = -1;
  let whole = -1;
  for (let at = 0; at < postings.length; at += 2) {
    const place = postings[at] ?? 0;
    const slot = readSlot(place);
    if (slot === whole || place === last) continue;
    last = place;
    if (readDocument(place) === everyDocument) whole = slot;
    documents += slot === whole ? sizeOf(slot) : 1;
  }
  return documents;
}

/** Position of the first posting of a slot or of a later one. */
function findSlot(postings: Uint32Array, slot: number): number {
  let low = 0;
  let high = postings.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (readSlot(postings[middle * 2] ?? 0) < slot) low = middle + 1;
    else high = middle;
  }
  return low * 2;
}

function join(pieces: readonly Uint32Array[]): Uint32Array {
  const joined = new Uint32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
