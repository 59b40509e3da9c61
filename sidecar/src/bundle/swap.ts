/** Holds the policy in force as one object that is replaced whole, and tells who wants to know. Last stage: watch -> verify -> compile -> swap. */
import type { CompiledParts } from "./compile.ts";

/** The policy in force. `sinceMs`: wall clock (ms since the epoch) at which what it says came into force. */
export interface PolicyInForce extends CompiledParts {
  readonly sinceMs: number;
}

/** The place of the one object. */
export interface PolicySwap {
  readonly current: () => PolicyInForce;
  /** Puts a policy in force; the same once more changes nothing and is told to nobody. */
  readonly swap: (next: CompiledParts) => void;
  readonly onChange: (listener: (policy: PolicyInForce) => void) => void;
}

function isSameBeside(next: CompiledParts, current: CompiledParts): boolean {
  const isSameState = next.reason === current.reason && next.message === current.message;
  return isSameState && JSON.stringify(next.assertionKeys) === JSON.stringify(current.assertionKeys);
}

/** Creates the place with what holds first. `wallNow` in ms since the epoch. */
export function createSwap(first: CompiledParts, wallNow: () => number): PolicySwap {
  let current: PolicyInForce = { ...first, sinceMs: wallNow() };
  const listeners: ((policy: PolicyInForce) => void)[] = [];
  return {
    current: () => current,
    swap: (next) => {
      const isSamePolicy = next.hash === current.hash;
      if (isSamePolicy && isSameBeside(next, current)) return;
      const { compiled, sinceMs } = isSamePolicy ? current : { compiled: next.compiled, sinceMs: wallNow() };
      current = { ...next, compiled, sinceMs };
      for (const listener of listeners) listener(current);
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
