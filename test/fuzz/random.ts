/** Random values from a seed, so that a run can be repeated. Knows nothing of what is made from them. */

/** A source of random values. */
export interface Random {
  /** A whole number from 0 to `bound` - 1. */
  readonly below: (bound: number) => number;
  readonly pick: <T>(items: readonly T[]) => T;
  /** True in one of `n` cases. */
  readonly oneIn: (n: number) => boolean;
}

/** Creates the source of a seed (xorshift32). The same numbers in the same order for the same seed. */
export function createRandom(seed: number): Random {
  // Neighbouring seeds begin far apart; zero would stay zero.
  let state = Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) | 1;
  const below = (bound: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
  return {
    below,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new RangeError("nothing to pick from");
      return item;
    },
    oneIn: (n) => below(n) === 0,
  };
}
