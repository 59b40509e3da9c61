/** Keeps the last few texts by their hash, for readers who come late: bounded by number and bytes, the one that was kept last always stays. */

/** The texts that are kept. */
export interface Kept {
  /** Keeps a text under its hash; `write` is called where it is not kept yet. */
  readonly keep: (hash: string, write: () => string) => void;
  readonly find: (hash: string) => Buffer | undefined;
}

/** Creates it, empty. */
export function createKept({ most, maxBytes }: { readonly most: number; readonly maxBytes: number }): Kept {
  const kept = new Map<string, Buffer>();
  return {
    keep: (hash, write) => {
      const known = kept.get(hash) ?? Buffer.from(write(), "utf8");
      kept.delete(hash);
      kept.set(hash, known);
      let bytes = [...kept.values()].reduce((sum, text) => sum + text.length, 0);
      for (const [each, text] of kept) {
        const isTooMuch = kept.size > most || bytes > maxBytes;
        if (!isTooMuch || each === hash) break;
        kept.delete(each);
        bytes -= text.length;
      }
    },
    find: (hash) => kept.get(hash),
  };
}
