/** Decides what is done with a token that is kept: used, renewed beside its use, or awaited. Pure; times in ms of one steady clock. */
import type { TokenFailure } from "./token-answer.ts";

/** A token that was given. `untilMs`: where it ends. */
export interface Token {
  readonly value: string;
  readonly atMs: number;
  readonly untilMs: number;
}

/** What is known. `failure`: of the last attempt, where it failed; `times` in a row. `refusals`: by the server, since it took one. */
export interface TokenState {
  readonly token: Token | undefined;
  readonly refusals: number;
  readonly failure: { readonly why: TokenFailure; readonly times: number; readonly untilMs: number } | undefined;
}

/** What is done now. `Renew`: the token serves, and the next one is asked for beside it. `Fail`: not asked again before `waitMs`. */
export type TokenStep =
  | { readonly do: "Use" | "Renew"; readonly token: Token }
  | { readonly do: "Fetch" }
  | { readonly do: "Fail"; readonly why: TokenFailure; readonly waitMs: number };

/** Nothing is known. */
export const noToken: TokenState = { token: undefined, failure: undefined, refusals: 0 };

/** A token of which nobody said how long it lives; a refusal has it replaced sooner. */
const usualLifeMs = 300_000;
/** A token is renewed so long before its end, and no more used so shortly before it: clocks and ways differ. Of a short life a share. */
const ahead = { ms: 60_000, share: 0.2 } as const;
const margin = { ms: 5_000, share: 0.1 } as const;
/** Pauses after failures in a row. */
const pause = { firstMs: 1_000, longestMs: 30_000 } as const;
/** A token that is refused though it is younger was not refused for its age; with each refusal in a row this doubles. */
const young = { firstMs: 1_000, longestMs: 60_000 } as const;

/** Decides what is done at this time. */
export function judgeToken({ token, failure }: TokenState, nowMs: number): TokenStep {
  const waitMs = failure === undefined ? 0 : failure.untilMs - nowMs;
  if (token !== undefined && nowMs < token.untilMs - least(margin, token)) {
    const isDue = nowMs >= token.untilMs - least(ahead, token) && waitMs <= 0;
    return { do: isDue ? "Renew" : "Use", token };
  }
  return failure !== undefined && waitMs > 0 ? { do: "Fail", why: failure.why, waitMs } : { do: "Fetch" };
}

const least = ({ ms, share }: { readonly ms: number; readonly share: number }, { atMs, untilMs }: Token): number =>
  Math.min(ms, (untilMs - atMs) * share);

/** A token was given. `mostMs`: it is used no longer, whatever its own life. */
export function receive({ refusals }: TokenState, given: Given, nowMs: number): TokenState {
  const lifeMs = Math.min(given.lifeMs ?? usualLifeMs, given.mostMs ?? Number.POSITIVE_INFINITY);
  return { token: { value: given.value, atMs: nowMs, untilMs: nowMs + lifeMs }, failure: undefined, refusals };
}

interface Given {
  readonly value: string;
  readonly lifeMs: number | undefined;
  readonly mostMs?: number | undefined;
}

/** No token was given. One that is still good is kept. */
export function miss(state: TokenState, why: TokenFailure, nowMs: number): TokenState {
  const times = (state.failure?.times ?? 0) + 1;
  const ownMs = Math.min(pause.longestMs, pause.firstMs * 2 ** Math.min(times - 1, 10));
  return { ...state, failure: { why, times, untilMs: nowMs + Math.max(ownMs, why.retryAfterMs ?? 0) } };
}

/** The server took a token. */
export const accept = (state: TokenState): TokenState => (state.refusals === 0 ? state : { ...state, refusals: 0 });

/**
 * The server refused a token. If it is the kept one it is forgotten, so that the next is asked for; unless it is so young that another one
 * would fare no better. Of another than the kept one nothing follows: it was replaced meanwhile.
 */
export function refuse(
  state: TokenState,
  value: string,
  nowMs: number,
): { readonly state: TokenState; readonly isWorthAnother: boolean } {
  const { token, refusals } = state;
  if (token === undefined || token.value !== value) return { state, isWorthAnother: true };
  const youngMs = Math.min(young.longestMs, young.firstMs * 2 ** Math.min(refusals, 10));
  if (nowMs - token.atMs < youngMs) return { state, isWorthAnother: false };
  return { state: { ...state, token: undefined, refusals: refusals + 1 }, isWorthAnother: true };
}
