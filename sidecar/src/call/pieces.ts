/** Keeps the pieces of a body until they are joined. Small ones are copied together: each piece that is kept costs far more than a byte. */

export interface Pieces {
  /** Keeps a piece; it is borrowed until they are joined. */
  readonly add: (piece: Buffer) => void;
  /** All bytes in their order; a single piece as it came. */
  readonly join: () => Buffer;
  /** How many are kept. */
  readonly count: () => number;
}

const smallBytes = 1_024;
const heapBytes = 16 * 1_024;

/** Creates an empty row of pieces. */
export function createPieces(): Pieces {
  const kept: Buffer[] = [];
  let heap: Buffer | undefined;
  let used = 0;
  /** The heap is full, or something comes behind it. */
  const seal = (): void => {
    if (heap === undefined) return;
    kept.push(heap.subarray(0, used));
    heap = undefined;
  };
  return {
    add: (piece) => {
      if (kept.length === 0 && heap === undefined) kept.push(piece);
      else if (piece.length >= smallBytes) {
        seal();
        kept.push(piece);
      } else {
        if (heap !== undefined && used + piece.length > heap.length) seal();
        if (heap === undefined) {
          heap = Buffer.allocUnsafe(heapBytes);
          used = 0;
        }
        used += piece.copy(heap, used);
      }
    },
    join: () => {
      seal();
      const [first] = kept;
      return kept.length === 1 && first !== undefined ? first : Buffer.concat(kept);
    },
    count: () => kept.length + (heap === undefined ? 0 : 1),
  };
}
