/**
 * Verifies tokens of Kubernetes ServiceAccounts by the keys that the cluster signs them with. It decides who sent a token; what that one
 * may do is for whoever asks. No right is needed for it, and no request for each token; in exchange, a token holds until it expires,
 * also where its ServiceAccount is gone. Source: KEP 1393 (issuer discovery), RFC 7519.
 */
import type { JSONWebKeySet, JWTVerifyGetKey } from "jose";

/** Who sent a token, or why that is not known. `unavailable`: the keys can't be read now. */
export type VerifiedToken =
  | { readonly ok: true; readonly subject: string }
  | { readonly ok: false; readonly problem: "untrusted" | "unavailable"; readonly message: string };

/** `readKeys`: asks for the cluster's keys as JWKS; rejects where they can't be read. Clocks in ms. */
export interface TokenVerifierOptions {
  readonly audience: string;
  readonly readKeys: () => Promise<unknown>;
  readonly nowMs: () => number;
  readonly elapsedMs: () => number;
}

export type TokenVerifier = (token: string) => Promise<VerifiedToken>;

/** Keys are read anew after so long; and where a token names one that is not among them, but not more often than that, ms. */
const keysMs = 5 * 60_000;
const againMs = 5_000;

const algorithms = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

/** The name under which Kubernetes knows a ServiceAccount. */
export function subjectOf(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

/** Creates a verifier that has no keys yet. */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { audience, nowMs } = options;
  const keys = createKeys(options);
  return async (token) => {
    const [{ jwtVerify }, { decodeProtectedHeader }] = await Promise.all([
      import("jose/jwt/verify"),
      import("jose/decode/protected_header"),
    ]);
    try {
      const { kid } = decodeProtectedHeader(token);
      const found = await keys.find(kid);
      if (typeof found === "string")
        return { ok: false, problem: "unavailable", message: `the cluster's keys can't be read: ${found}` };
      const checks = { audience, algorithms, currentDate: new Date(nowMs()), requiredClaims: ["exp", "sub"] };
      const { payload } = await jwtVerify(token, found, checks);
      return { ok: true, subject: payload.sub ?? "" };
    } catch (error) {
      // The library rejects whatever is no token of ours; its message never holds the token.
      return { ok: false, problem: "untrusted", message: error instanceof Error ? error.message : "it is no token" };
    }
  };
}

interface Held {
  readonly ids: ReadonlySet<string>;
  readonly find: JWTVerifyGetKey;
  readonly readMs: number;
}

/** The keys as they were read last. A failed reading leaves them, as long as there are any. */
function createKeys({ readKeys, elapsedMs }: TokenVerifierOptions) {
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
    if (held === undefined || elapsedMs() - held.readMs > keysMs) return true;
    return !held.ids.has(String(kid)) && elapsedMs() - askedMs > againMs;
  };
  return {
    /** What finds the key, or why there are none. */
    find: async (kid: unknown): Promise<JWTVerifyGetKey | string> => {
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
