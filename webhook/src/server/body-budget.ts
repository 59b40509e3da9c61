/**
 * How many bytes of large bodies may be under way at once. Anybody who reaches the port can send what is never finished; small
 * reviews, which are nearly all, never wait for that.
 */

/** Bodies up to this size count for nothing: a pod has a few KiB. */
export const smallBytes = 512 * 1024;

/** Large bodies in all. Read, each takes about three times as much. */
const largeBytes = 28 * 1024 * 1024;

/** What is left. */
export interface BodyBudget {
  /** Takes the bytes of a body, and gives what gives them back, once; undefined where there are not enough. */
  readonly take: (bytes: number) => (() => void) | undefined;
}

/** Creates a budget of which nothing is taken. */
export function createBodyBudget(maxBytes = largeBytes): BodyBudget {
  let taken = 0;
  return {
    take: (bytes) => {
      const counted = bytes <= smallBytes ? 0 : bytes;
      if (taken + counted > maxBytes) return undefined;
      taken += counted;
      let isGiven = false;
      return () => {
        if (!isGiven) taken -= counted;
        isGiven = true;
      };
    },
  };
}
