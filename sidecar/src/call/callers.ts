/**
 * Who calls, where somebody vouches for it: verifies the signed assertion that comes with a request. Verified ones are remembered by
 * their hash, bounded, until they end or the keys change. Without an assertion a caller is known by its address only.
 */
import { createHash } from "node:crypto";
import {
  callerHeader,
  callerLimits,
  callerType,
  nameAudience,
  readCallerAssertion,
  type CallerAssertion,
} from "@outrigger/api/caller";
import { verifyCompactSync, type Jwks } from "@outrigger/runtime/jws";

/** The callers of one door. */
export interface Callers {
  /**
   * What was vouched for of a request's caller; undefined where nothing was, or where there are no keys to check it with: then it says
   * nothing. Cost: a comparison for the assertion that came last, a hash for one seen before, else an Ed25519 verification.
   */
  readonly identify: (headers: Headers) => CallerAssertion | "unverified" | undefined;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Whose assertions count, and for which server. `wallNow`: ms since the epoch. */
export interface CallersOptions {
  readonly keys: () => Jwks | undefined;
  readonly namespace: string;
  readonly server: string;
  readonly wallNow: () => number;
}

/** Assertions remembered at once: about 600 bytes each. */
const maxKnown = 4_096;

/** How far the clock of whoever signs may be ahead, in seconds. */
const maxAheadSeconds = 60;

/** Creates the callers of a server. */
export function createCallers(options: CallersOptions): Callers {
  const { wallNow } = options;
  const known = new Map<string, CallerAssertion>();
  let keys = options.keys();
  let last: { readonly text: string; readonly assertion: CallerAssertion } | undefined;

  const remember = (hash: string, assertion: CallerAssertion): void => {
    if (known.size >= maxKnown) {
      const [oldest] = known.keys();
      if (oldest !== undefined) known.delete(oldest);
    }
    known.set(hash, assertion);
  };
  const find = (text: string, trusted: Jwks): CallerAssertion | undefined => {
    if (last?.text === text) return last.assertion;
    const hash = createHash("sha256").update(text).digest("base64");
    const assertion = known.get(hash) ?? verify(text, trusted, options);
    if (assertion === undefined) return undefined;
    remember(hash, assertion);
    last = { text, assertion };
    return assertion;
  };
  return {
    identify: (headers) => {
      const text = headers[callerHeader];
      if (text === undefined) return undefined;
      const trusted = options.keys();
      if (trusted !== keys) {
        keys = trusted;
        known.clear();
        last = undefined;
      }
      if (trusted === undefined) return undefined;
      const assertion = typeof text === "string" && text.length <= callerLimits.maxChars && find(text, trusted);
      return typeof assertion === "object" && isCurrent(assertion, wallNow() / 1_000) ? assertion : "unverified";
    },
  };
}

/** The id under which limits and tasks know a caller that was vouched for. */
export function nameCaller({ kind, sub }: CallerAssertion): string {
  return `${kind}:${sub}`;
}

function isCurrent({ iat, exp }: CallerAssertion, nowSeconds: number): boolean {
  return iat <= nowSeconds + maxAheadSeconds && exp > nowSeconds;
}

function verify(text: string, keys: Jwks, { namespace, server }: CallersOptions): CallerAssertion | undefined {
  const verified = verifyCompactSync(text, { keys, type: callerType });
  const read = verified.ok ? readCallerAssertion(parse(verified.payload)) : undefined;
  if (read?.ok !== true) return undefined;
  return read.value.aud === nameAudience({ namespace, server }) ? read.value : undefined;
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
  } catch {
    // The reader refuses what is no object.
    return undefined;
  }
}
