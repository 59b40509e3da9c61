/**
 * The lexical arm: field-weighted BM25 (BM25F) of every document for the terms of a query. The stage after `query.ts` and
 * before `rank.ts`. Frequencies and average lengths are the whole catalogue's; servers that the filters leave out get no
 * score, and which of the others the caller may see is asked in `rank.ts`, before any maximum is taken.
 * Source: Robertson, Zaragoza and Taylor, "Simple BM25 extension to multiple weighted fields", 2004.
 */
import type { Candidates } from "./candidates.ts";
import { fields } from "./fields.ts";
import { everyDocument, noPostings, readCount, readDocument, readField, readLength, readSlot } from "./postings.ts";
import { readIdf, type WeightedTerm } from "./query.ts";
import { sizeOfSlot, type IndexSnapshot } from "./snapshot.ts";

/** How soon more occurrences of a term stop to count: what it gives is `factor * strength / (k1 + strength)`. */
export const k1 = 0.9;
// Lengths up to this are looked up; longer fields are divided anew.
const tabledLengths = 256;

/** What one occurrence is worth by field and length: `weight / (1 - b + b * length / average)`. */
export interface Worth {
  readonly averages: readonly number[];
  /** By field * 256 + length. */
  readonly table: Float64Array;
}

/** `bySlot` is what all documents of a slot got for words of their server; `byDocument` is what a document got beyond. */
interface Sums {
  readonly bySlot: Float64Array;
  readonly byDocument: Float64Array;
}

/**
 * Scores by document number; 0 where a document holds none of the terms or its server is left out.
 * A document's sum runs over terms in query order and fields in a fixed order, so it does not depend on how the index grew.
 * Cost: linear in the postings of the terms; a word of a server's text costs one posting, however many tools it has.
 */
export function scoreLexical(
  snapshot: IndexSnapshot,
  terms: readonly WeightedTerm[],
  candidates: Candidates,
): Float64Array {
  const worth = computeWorth(snapshot);
  const sums: Sums = {
    bySlot: new Float64Array(snapshot.places.length),
    byDocument: new Float64Array(snapshot.tools.length),
  };
  for (const { id, weight } of terms) {
    const postings = snapshot.postings[id] ?? noPostings;
    const factor = weight * readIdf(snapshot, id) * (k1 + 1);
    addTerm(sums, snapshot.bases, { postings, factor, worth });
  }
  return sumUp(snapshot, sums, candidates);
}

interface Term {
  readonly postings: Uint32Array;
  readonly factor: number;
  readonly worth: Worth;
}

/**
 * A term in the server's texts and in the tool's own saturates as one, which is why a document gets the difference to what
 * its slot got already.
 */
function addTerm({ bySlot, byDocument }: Sums, bases: Int32Array, { postings, factor, worth }: Term): void {
  let shared = 0;
  let sharedGain = 0;
  let sharedBy = -1;
  for (let at = 0; at < postings.length;) {
    const place = postings[at] ?? 0;
    const slot = readSlot(place);
    const isShared = slot === sharedBy;
    let strength = isShared ? shared : 0;
    for (; at < postings.length && postings[at] === place; at += 2) strength += weigh(worth, postings[at + 1] ?? 0);
    const gain = (factor * strength) / (k1 + strength);
    if (readDocument(place) === everyDocument) {
      shared = strength;
      sharedGain = gain;
      sharedBy = slot;
      addTo(bySlot, slot, gain);
    } else {
      addTo(byDocument, (bases[slot] ?? 0) + readDocument(place), isShared ? gain - sharedGain : gain);
    }
  }
}

function addTo(sums: Float64Array, at: number, amount: number): void {
  sums[at] = (sums[at] ?? 0) + amount;
}

/** The strength that one posting gives a term, by its second word. */
export function weigh({ averages, table }: Worth, detail: number): number {
  const field = readField(detail);
  const length = readLength(detail);
  const each = length < tabledLengths ? table[field * tabledLengths + length] : computeEach(averages, field, length);
  return readCount(detail) * (each ?? 0);
}

function computeEach(averages: readonly number[], at: number, length: number): number {
  const field = fields[at];
  return field === undefined ? 0 : field.weight / (1 - field.b + (field.b * length) / (averages[at] ?? 1));
}

/** What occurrences are worth in a snapshot. Cost: some thousand divisions. */
export function computeWorth({ lengthSums, filled }: IndexSnapshot): Worth {
  const averages = fields.map((_, field) => (lengthSums[field] ?? 0) / (filled[field] ?? 0) || 1);
  const table = new Float64Array(fields.length * tabledLengths);
  for (let at = 0; at < table.length; at++) {
    table[at] = computeEach(averages, Math.floor(at / tabledLengths), at % tabledLengths);
  }
  return { averages, table };
}

function sumUp(snapshot: IndexSnapshot, { bySlot, byDocument }: Sums, candidates: Candidates): Float64Array {
  for (let slot = 0; slot < bySlot.length; slot++) {
    const isTaken = candidates.takesSlot(slot);
    const shared = bySlot[slot] ?? 0;
    const base = snapshot.bases[slot] ?? 0;
    const end = base + sizeOfSlot(snapshot, slot);
    for (let document = base; document < end; document++) {
      byDocument[document] = isTaken ? shared + (byDocument[document] ?? 0) : 0;
    }
  }
  return byDocument;
}
