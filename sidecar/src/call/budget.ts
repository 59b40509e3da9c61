/** One byte budget for everything that the process holds at once: answers that are read before they are passed on. */

/** A share of the budget that grows with what is held. */
export interface Share {
  /** Adds bytes; false where the budget is used up, and then nothing was added. */
  readonly grow: (bytes: number) => boolean;
  readonly free: () => void;
}

export interface ByteBudget {
  readonly open: () => Share;
  readonly held: () => number;
}

/** Creates a budget of so many bytes. */
export function createByteBudget(limitBytes: number): ByteBudget {
  let held = 0;
  return {
    open: () => {
      let own = 0;
      return {
        grow: (bytes) => {
          if (held + bytes > limitBytes) return false;
          held += bytes;
          own += bytes;
          return true;
        },
        free: () => {
          held -= own;
          own = 0;
        },
      };
    },
    held: () => held,
  };
}
