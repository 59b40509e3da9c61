/**
 * Accounts for tokens: what listing everything would cost against what is returned, and how results are made to fit a budget.
 * Only tools that the caller may call count. The stage within `present.ts` that decides which results stay whole.
 */
import type { Candidates } from "./candidates.ts";
import { countTokens } from "./count-tokens.ts";
import type { IndexSnapshot } from "./snapshot.ts";

/** Tokens of a search. `baseline_tokens`: the definitions of all visible tools; `returned_tokens`: the results as JSON. */
export interface TokenMetrics {
  readonly baseline_tokens: number;
  readonly returned_tokens: number;
  readonly tokens_saved: number;
  /** 0 to 100, one decimal. */
  readonly savings_percent: number;
}

/** Sums up the definitions of all tools that the caller may call, whatever a search filters. Cost: one decision per tool. */
export function countBaseline({ places, bases }: IndexSnapshot, candidates: Candidates): number {
  let tokens = 0;
  for (const [slot, place] of places.entries()) {
    const base = bases[slot] ?? 0;
    for (const [own, count] of place?.segment.tokens.entries() ?? []) {
      if (candidates.isVisible(base + own)) tokens += count;
    }
  }
  return tokens;
}

/** Sets the two sums against each other. A search that returns nothing, or more than a list would have, saves nothing. */
export function compareTokens(baseline: number, returned: number): TokenMetrics {
  const saved = returned === 0 ? 0 : Math.max(0, baseline - returned);
  return {
    baseline_tokens: baseline,
    returned_tokens: returned,
    tokens_saved: saved,
    savings_percent: baseline === 0 ? 0 : Math.round((saved / baseline) * 1_000) / 10,
  };
}

/** A result in both forms, best first. */
export interface Forms<T> {
  readonly full: () => T;
  readonly short: () => T;
}

/** What fits: `returnedTokens` is the sum over `results`; `shortened` and `leftOut` say what the budget took. */
export interface Fitted<T> {
  readonly results: readonly T[];
  readonly returnedTokens: number;
  readonly shortened: number;
  readonly leftOut: number;
}

/** Makes results fit into `maxTokens`: the last ones are shortened first; when all are short, the last ones are left out. */
export function fitResults<T>(forms: readonly Forms<T>[], maxTokens = Number.POSITIVE_INFINITY): Fitted<T> {
  const whole = forms.map(({ full }) => measure(full()));
  const shorter = shortenLast(forms, whole, maxTokens);
  const results = cutTo(shorter, maxTokens);
  return {
    results: results.map(({ value }) => value),
    returnedTokens: sumTokens(results),
    shortened: results.filter((result, at) => result !== whole[at]).length,
    leftOut: forms.length - results.length,
  };
}

interface Measured<T> {
  readonly value: T;
  readonly tokens: number;
}

function measure<T>(value: T): Measured<T> {
  return { value, tokens: countTokens(JSON.stringify(value)) };
}

function sumTokens(results: readonly Measured<unknown>[]): number {
  return results.reduce((sum, { tokens }) => sum + tokens, 0);
}

function shortenLast<T>(
  forms: readonly Forms<T>[],
  whole: readonly Measured<T>[],
  maxTokens: number,
): readonly Measured<T>[] {
  let excess = sumTokens(whole) - maxTokens;
  const fromLast = whole.toReversed().map((result, at) => {
    const form = forms.at(-1 - at);
    if (excess <= 0 || form === undefined) return result;
    const short = measure(form.short());
    if (short.tokens >= result.tokens) return result;
    excess -= result.tokens - short.tokens;
    return short;
  });
  return fromLast.reverse();
}

function cutTo<T>(results: readonly Measured<T>[], maxTokens: number): readonly Measured<T>[] {
  let sum = 0;
  const firstOver = results.findIndex(({ tokens }) => (sum += tokens) > maxTokens);
  return firstOver < 0 ? results : results.slice(0, firstOver);
}
