/**
 * Tokens of callers: for each one who was vouched for, a token that was exchanged for its assertion. Bounded in number, and each in time, so
 * that what the aggregator no longer vouches for ends soon. Source: RFC 8693.
 */
import { callerLimits } from "@outrigger/api/caller";
import type { TokenAnswer } from "./token-answer.ts";
import { createTokenSource, type TokenSource } from "./token-source.ts";

/** Who calls: the id, and the text that vouches for it. */
export interface Subject {
  readonly caller: string;
  readonly assertion: string;
}

/** What is needed. `exchange` never rejects; `now`: a steady clock in ms. */
export interface CallerTokensOptions {
  readonly exchange: (assertion: string) => Promise<TokenAnswer>;
  readonly now: () => number;
  readonly maxCallers: number;
}

/** The tokens. */
export interface CallerTokens {
  /** The source of a caller's tokens; the next exchange takes this assertion. */
  readonly of: (subject: Subject) => TokenSource;
  readonly count: () => number;
}

/** A caller may lose a group, or its place: so long a token of its own is used. */
const mostMs = callerLimits.maxLifeSeconds * 1_000;

interface Kept {
  assertion: string;
  readonly source: TokenSource;
}

/** Creates the tokens; the caller that was seen longest ago makes room for a new one. */
export function createCallerTokens({ exchange, now, maxCallers }: CallerTokensOptions): CallerTokens {
  const kept = new Map<string, Kept>();
  const open = (assertion: string): Kept => {
    const mine: Kept = {
      assertion,
      source: createTokenSource({ fetch: () => exchange(mine.assertion), now, mostMs }),
    };
    return mine;
  };
  return {
    of: ({ caller, assertion }) => {
      const mine = kept.get(caller) ?? open(assertion);
      mine.assertion = assertion;
      // Behind the others, as the one that was seen last.
      kept.delete(caller);
      kept.set(caller, mine);
      const [oldest] = kept.keys();
      if (kept.size > maxCallers && oldest !== undefined) kept.delete(oldest);
      return mine.source;
    },
    count: () => kept.size,
  };
}
