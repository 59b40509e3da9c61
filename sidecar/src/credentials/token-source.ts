/** Keeps one token and has it renewed: one request at a time, whoever waits. What is done when is token-state.ts's. */
import type { TokenAnswer, TokenFailure } from "./token-answer.ts";
import { accept, judgeToken, miss, noToken, receive, refuse } from "./token-state.ts";

/** A token, or why there is none now. */
export type Had =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly why: TokenFailure; readonly waitMs: number };

/** What a source needs. `fetch` never rejects; `now`: a steady clock in ms; `mostMs`: a token is used no longer. */
export interface TokenSourceOptions {
  readonly fetch: () => Promise<TokenAnswer>;
  readonly now: () => number;
  readonly mostMs?: number;
  /** Told of each request's outcome. */
  readonly onAnswer?: (failure: TokenFailure | undefined) => void;
}

/** The source of one token. */
export interface TokenSource {
  /** At once where a token is kept. */
  readonly get: () => Had | Promise<Had>;
  /** The server refused this one. Gives another, or undefined where that would be no better. */
  readonly replace: (refused: string) => Had | Promise<Had> | undefined;
  /** The server took one. */
  readonly accepted: () => void;
  /** When the kept one ends, on the clock of `now`; undefined without one. */
  readonly untilMs: () => number | undefined;
}

/** Creates a source; nothing is asked before the first need. */
export function createTokenSource({ fetch, now, mostMs, onAnswer }: TokenSourceOptions): TokenSource {
  let state = noToken;
  let fetching: Promise<Had> | undefined;

  const ask = async (): Promise<Had> => {
    const answer = await fetch();
    fetching = undefined;
    if (answer.ok) state = receive(state, { value: answer.value, lifeMs: answer.lifeMs, mostMs }, now());
    else state = miss(state, answer, now());
    onAnswer?.(answer.ok ? undefined : answer);
    if (answer.ok) return { ok: true, value: answer.value };
    const step = judgeToken(state, now());
    if (step.do === "Use" || step.do === "Renew") return { ok: true, value: step.token.value };
    return { ok: false, why: answer, waitMs: step.do === "Fail" ? step.waitMs : 0 };
  };
  const get = (): Had | Promise<Had> => {
    const step = judgeToken(state, now());
    if (step.do === "Fail") return { ok: false, why: step.why, waitMs: step.waitMs };
    if (step.do === "Fetch") return (fetching ??= ask());
    if (step.do === "Renew") fetching ??= ask();
    return { ok: true, value: step.token.value };
  };
  return {
    get,
    replace(refused) {
      const judged = refuse(state, refused, now());
      state = judged.state;
      return judged.isWorthAnother ? get() : undefined;
    },
    accepted() {
      state = accept(state);
    },
    untilMs: () => state.token?.untilMs,
  };
}
