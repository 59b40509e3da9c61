/**
 * The public keys of somebody who signs tokens, as they were read last: when they are read anew, and that a failed reading leaves them. What is
 * signed, and where keys are read, is for whoever asks.
 */
import type { JSONWebKeySet, JWTVerifyGetKey } from "jose";

/** `readKeys`: asks for the keys as JWKS; rejects where they can't be read. `elapsedMs`: a clock that only goes on. */
export interface KeySetOptions {
  readonly readKeys: () => Promise<unknown>;
  readonly elapsedMs: () => number;
}

/** Keys by their ids. */
export interface KeySet {
  /** What finds the key that a token names, or why there are none at all. Never rejects. */
  readonly find: (kid: unknown) => Promise<JWTVerifyGetKey | string>;
}

/** Keys are read anew after so long; and again, also where a token names one that is not among them, not more often than that, ms. */
const keysMs = 5 * 60_000;
const againMs = 5_000;

interface Held {
  readonly ids: ReadonlySet<string>;
  readonly find: JWTVerifyGetKey;
  readonly readMs: number;
}

/** Creates a set that holds no keys yet. */
export function createKeySet({ readKeys, elapsedMs }: KeySetOptions): KeySet {
  let held: Held | undefined;
  let askedMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  let failure = "";
  const read = async (): Promise<void> => {
    askedMs = elapsedMs();
    const [{ createLocalJWKSet }, value] = await Promise.all([import("jose/jwks/local"), readKeys()]);
    // The library checks the form of what it is given.
    const set = value as JSONWebKeySet;
    held = {
      find: createLocalJWKSet(set),
      ids: new Set(set.keys.flatMap(({ kid }) => (typeof kid === "string" ? [kid] : []))),
      readMs: elapsedMs(),
    };
  };
  const isWanting = (kid: unknown): boolean => {
    if (held === undefined) return true;
    const isOld = elapsedMs() - held.readMs > keysMs;
    return (isOld || !held.ids.has(String(kid))) && elapsedMs() - askedMs > againMs;
  };
  return {
    find: async (kid) => {
      if (isWanting(kid)) {
        // Failed: the keys of before, if any, are used; the next token asks again.
        reading ??= read()
          .catch((error: unknown) => {
            failure = error instanceof Error ? error.message : String(error);
          })
          .finally(() => (reading = undefined));
        await reading;
      }
      return held?.find ?? failure;
    },
  };
}
