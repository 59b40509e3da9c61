/**
 * Verifies tokens of Kubernetes ServiceAccounts by the keys that the cluster signs them with. It decides who sent a token; what that one
 * may do is for whoever asks. No right is needed for it, and no request for each token; in exchange, a token holds until it expires,
 * also where its ServiceAccount is gone. Source: KEP 1393 (issuer discovery), RFC 7519.
 */
import { createKeySet } from "./key-set.ts";

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

const algorithms = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

/** The name under which Kubernetes knows a ServiceAccount. */
export function subjectOf(namespace: string, name: string): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

/** Creates a verifier that has no keys yet. */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { audience, nowMs } = options;
  const keys = createKeySet(options);
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
