/**
 * Verifies tokens (JWT) of issuers: signature by the issuer's published keys, issuer, audience, times. Decides what a token must be before any
 * key is looked at, so that what can't be right costs nothing. Source: RFC 8725, OpenID Connect Discovery 1.0 section 4, RFC 9068.
 */
import { createKeySet, type KeySet } from "@outrigger/runtime/key-set";
import { errors, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { invalid, type Verified, type Verify } from "../verified.ts";
import type { FetchDocument } from "./fetch-document.ts";
import type { Issuer } from "./issuers.ts";
import { readPrincipal } from "./token-principal.ts";

/** What verifying needs. Clocks in ms. */
export interface OidcOptions {
  readonly issuers: readonly Issuer[];
  readonly documentsOf: (network: Issuer["network"]) => FetchDocument;
  readonly nowMs: () => number;
  readonly elapsedMs: () => number;
  /** Hears why the keys of an issuer can't be had. */
  readonly onFailure: (issuer: string, message: string) => void;
}

/** Asymmetric ones alone: with a symmetric one an issuer's public key would do as a secret. */
const algorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
/** How far clocks may be apart, seconds. */
const skewSeconds = 30;

/** The issuer that a token names, whether or not it is one of its; undefined for what is no JWT. */
export function readIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

/** Creates the verifier; the keys of an issuer are read with its first token. */
export function createOidc(options: OidcOptions): Verify {
  const known = new Map(
    options.issuers.map((issuer) => {
      const readKeys = (): Promise<unknown> => discoverKeys(issuer.url, options.documentsOf(issuer.network));
      const keys = createKeySet({ elapsedMs: options.elapsedMs, readKeys });
      return [issuer.url, { issuer, keys }] as const;
    }),
  );
  return async (token) => {
    const found = known.get(readIssuer(token) ?? "");
    if (found === undefined) return invalid("The token is of no issuer that is trusted here.");
    const problem = checkHeader(token);
    if (problem !== undefined) return invalid(problem);
    return verifyBy(token, found, options);
  };
}

function checkHeader(token: string): string | undefined {
  try {
    const { alg, crit } = decodeProtectedHeader(token);
    if (alg === undefined || !algorithms.includes(alg)) return "The token's algorithm is not one that is trusted here.";
    return crit === undefined ? undefined : "The token's header asks for what is not understood.";
  } catch {
    return "The token can't be read.";
  }
}

/** The keys by way of the issuer's own description of itself, which must be of this very issuer. */
async function discoverKeys(issuer: string, fetch: FetchDocument): Promise<unknown> {
  const described = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const { issuer: said, jwks_uri: address } = (described ?? {}) as { issuer?: unknown; jwks_uri?: unknown };
  if (said !== issuer) throw new Error(`the description of ${issuer} is one of another issuer`);
  if (typeof address !== "string" || !URL.canParse(address))
    throw new Error(`${issuer} does not say where its keys are`);
  return fetch(address);
}

async function verifyBy(
  token: string,
  { issuer, keys }: { readonly issuer: Issuer; readonly keys: KeySet },
  { nowMs, onFailure }: OidcOptions,
): Promise<Verified> {
  const key = await keys.find(decodeProtectedHeader(token).kid);
  if (typeof key === "string") {
    onFailure(issuer.url, key);
    return { ok: false, problem: "unavailable", message: "The issuer's keys can't be read now; try again later." };
  }
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms,
      issuer: issuer.url,
      audience: [...issuer.audiences],
      clockTolerance: skewSeconds,
      currentDate: new Date(nowMs()),
      requiredClaims: ["exp", "iss", "aud"],
    });
    const isAhead = typeof payload.iat === "number" && payload.iat * 1_000 > nowMs() + skewSeconds * 1_000;
    return isAhead ? invalid("The token was issued in the future.") : readPrincipal(payload, issuer, nowMs());
  } catch (error) {
    if (error instanceof errors.JOSEError) return invalid(explain(error));
    // What an issuer publishes as a key may be none at all.
    onFailure(issuer.url, error instanceof Error ? error.message : String(error));
    return invalid("The token can't be verified by the key that it names.");
  }
}

/** In our own words: those of the library may hold what the token says. */
function explain(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return "The token has expired.";
  if (error instanceof errors.JWTClaimValidationFailed) {
    const claim =
      error.claim === "aud" ? "was not made for this audience" : `has a claim ${error.claim} that is not right`;
    return `The token ${claim}.`;
  }
  if (error instanceof errors.JWKSNoMatchingKey) return "The issuer has published no key that the token names.";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "The token's signature is not right.";
  return "The token can't be verified.";
}
