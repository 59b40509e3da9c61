import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  changePostings,
  countDocuments,
  everyDocument,
  packDetail,
  packPlace,
  readCount,
  readDocument,
  readField,
  readLength,
  readSlot,
} from "./postings.ts";

const posting = fc.record({
  slot: fc.integer({ min: 0, max: 2 ** 21 - 1 }),
  document: fc.integer({ min: 0, max: everyDocument }),
  field: fc.integer({ min: 0, max: 5 }),
  count: fc.integer({ min: 1, max: 5 }),
  length: fc.integer({ min: 1, max: 65_535 }),
});

/** Words of postings in the documents 0 and 1 of each slot, slots ascending. */
const listOf = (slots: readonly number[]): number[] =>
  [...slots]
    .sort((a, b) => a - b)
    .flatMap((slot) => [0, 1].flatMap((document) => [packPlace({ slot, document }), slot]));
const slots = fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 20 });

describe("postings", () => {
  it("are read as they were packed, to the ends of their ranges", () => {
    fc.assert(
      fc.property(posting, (given) => {
        const [place, detail] = Uint32Array.of(packPlace(given), packDetail(given));
        expect({
          slot: readSlot(place!),
          document: readDocument(place!),
          field: readField(detail!),
          count: readCount(detail!),
          length: readLength(detail!),
        }).toEqual(given);
      }),
    );
  });

  it("cap counts and lengths instead of running into each other", () => {
    const detail = packDetail({ field: 5, count: 1_000, length: 1_000_000 });
    expect([readField(detail), readCount(detail), readLength(detail)]).toEqual([5, 5, 65_535]);
  });

  it("stay in order of slot and lose or gain exactly the slots of a change", () => {
    fc.assert(
      fc.property(slots, slots, slots, (held, leaving, coming) => {
        const left = [...leaving].sort((a, b) => a - b);
        const free = coming.filter((slot) => !held.includes(slot) || left.includes(slot));
        const { next, taken } = changePostings(Uint32Array.from(listOf(held)), { left, added: listOf(free) });
        const kept = held.filter((slot) => !left.includes(slot));
        expect([...next]).toEqual(listOf([...kept, ...free]));
        if (held.length > 0) expect([...taken]).toEqual(listOf(held.filter((slot) => left.includes(slot))));
      }),
      { numRuns: 500 },
    );
  });

  it("count a document once, and all documents of a slot where its server is meant", () => {
    const places = [
      { slot: 1, document: 0 },
      { slot: 1, document: 0 },
      { slot: 1, document: 3 },
      { slot: 2, document: everyDocument },
      { slot: 2, document: everyDocument },
      { slot: 2, document: 1 },
      { slot: 3, document: 1 },
    ];
    const words = places.flatMap((place) => [packPlace(place), 0]);
    expect(countDocuments(words, (slot) => slot * 10)).toBe(2 + 20 + 1);
    expect(countDocuments([], () => 1)).toBe(0);
  });
});
