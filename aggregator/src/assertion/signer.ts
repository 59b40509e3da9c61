/**
 * Signs assertions: one for each caller, server and key, used for half of its life, so that whoever gets one has the other half for a call.
 * Of several keys the newest that the server's sidecar trusts signs; where it trusts none, nothing is signed.
 */
import { callerLimits, callerType, type CallerAudience } from "@outrigger/api/caller";
import type { PrivateJwk } from "@outrigger/runtime/jws";
import { importSigningKey, signCompactSync, type SigningKey } from "@outrigger/runtime/sign";
import type { KnownCaller } from "./caller-book.ts";
import { buildAssertion } from "./describe.ts";

/** Ids of keys that a sidecar trusts; absent where it trusts nobody. */
export type Vouchers = readonly string[] | undefined;

/** The signer. */
export interface Signer {
  /** Whether a sidecar takes what is signed here. */
  readonly canVouch: (vouchers: Vouchers) => boolean;
  /** The assertion; undefined where the sidecar would not take one. */
  readonly sign: (caller: KnownCaller, audience: CallerAudience, vouchers: Vouchers) => string | undefined;
  /** Takes other keys, the newest first. */
  readonly use: (keys: readonly PrivateJwk[]) => void;
}

/** Assertions kept at once: about 700 bytes each, more where callers have many groups. */
const maxKept = 8_192;
const reuseMs = (callerLimits.maxLifeSeconds * 1_000) / 2;

/** Creates a signer; without keys it vouches for nobody. `nowMs`: since the epoch; `issuer`: its name to issuers of tokens. */
export function createSigner(nowMs: () => number, issuer: string): Signer {
  let keys: readonly SigningKey[] = [];
  const kept = new Map<string, { readonly text: string; readonly untilMs: number }>();
  const findKey = (vouchers: Vouchers): SigningKey | undefined =>
    vouchers === undefined ? undefined : keys.find(({ kid }) => vouchers.includes(kid));
  return {
    canVouch: (vouchers) => findKey(vouchers) !== undefined,
    sign: (caller, audience, vouchers) => {
      const key = findKey(vouchers);
      if (key === undefined) return undefined;
      const id = JSON.stringify([key.kid, audience.namespace, audience.server, caller.id]);
      const now = nowMs();
      const known = kept.get(id);
      if (known !== undefined && known.untilMs > now) return known.text;
      const assertion = buildAssertion({ issuer, caller: caller.described, audience, nowMs: now });
      const text = signCompactSync(JSON.stringify(assertion), key, callerType);
      kept.delete(id);
      kept.set(id, { text, untilMs: now + reuseMs });
      const [oldest] = kept.keys();
      if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest);
      return text;
    },
    use: (next) => {
      keys = next.map(importSigningKey);
      kept.clear();
    },
  };
}
