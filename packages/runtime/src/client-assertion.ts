/**
 * How a client shows an authorization server who it is by a key of its own: a signed JWT that lives for a minute and serves once.
 * It decides which algorithm fits a key; who is told what is the caller's. Source: RFC 7523 section 3, OpenID Connect Core 9.
 */
import { createPrivateKey, type KeyObject } from "node:crypto";

/** A private key with how it signs. `keyId`: how the other side knows it, where it has several. */
export interface ClientKey {
  readonly key: KeyObject;
  readonly algorithm: string;
  readonly keyId: string | undefined;
}

/** What is said. `audience`: the authorization server; `id`: unguessable, never twice; `nowSeconds` since the epoch. */
export interface ClientClaims {
  readonly clientId: string;
  readonly audience: string;
  readonly id: string;
  readonly nowSeconds: number;
}

const lifeSeconds = 60;
/** So far the other side's clock may be behind: it would refuse what is not made yet. */
const behindSeconds = 30;

/** Algorithms by kind of key; the first is taken where nobody names another. */
const algorithmsOf: Readonly<Record<string, readonly string[]>> = {
  rsa: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  "ec prime256v1": ["ES256"],
  "ec secp384r1": ["ES384"],
  "ec secp521r1": ["ES512"],
  ed25519: ["EdDSA"],
};

/** So short a key of RSA may be, in bits. Source: RFC 7518 section 3.3. */
const leastRsaBits = 2_048;

/**
 * Reads a private key: PEM (PKCS#8, PKCS#1, SEC1), or a JWK. Errors: a sentence of what was expected; nothing of the text is in it.
 * `wished`: the algorithm, where several fit; a JWK may name its own, and its key id.
 */
export function readClientKey(
  text: string,
  wished: { readonly algorithm: string | undefined; readonly keyId: string | undefined },
): { readonly ok: true; readonly key: ClientKey } | { readonly ok: false; readonly expected: string } {
  const jwk = readObject(text);
  const key = importKey(text, jwk);
  if (key === undefined) return { ok: false, expected: "a private key as PEM or as JWK, without a passphrase" };
  const fitting = algorithmsFor(key);
  if (fitting === undefined)
    return { ok: false, expected: "a key of RSA with 2048 bits or more, of P-256, P-384, P-521, or of Ed25519" };
  const algorithm = wished.algorithm ?? textAt(jwk, "alg") ?? fitting[0] ?? "";
  if (!fitting.includes(algorithm)) return { ok: false, expected: `an algorithm of this key: ${fitting.join(", ")}` };
  return { ok: true, key: { key, algorithm, keyId: wished.keyId ?? textAt(jwk, "kid") } };
}

/** Undefined where the key is of another kind, or too short. */
function algorithmsFor(key: KeyObject): readonly string[] | undefined {
  const { modulusLength = leastRsaBits, namedCurve } = key.asymmetricKeyDetails ?? {};
  const kind = [key.asymmetricKeyType, namedCurve].filter((each) => each !== undefined).join(" ");
  return modulusLength < leastRsaBits ? undefined : algorithmsOf[kind];
}

/** Signs the claims. */
export async function signClientAssertion(
  { key, algorithm, keyId }: ClientKey,
  { clientId, audience, id, nowSeconds }: ClientClaims,
): Promise<string> {
  const { SignJWT } = await import("jose/jwt/sign");
  return new SignJWT({ iss: clientId, sub: clientId, aud: audience, jti: id })
    .setProtectedHeader({ alg: algorithm, typ: "JWT", ...(keyId === undefined ? {} : { kid: keyId }) })
    .setIssuedAt(nowSeconds - behindSeconds)
    .setExpirationTime(nowSeconds + lifeSeconds)
    .sign(key);
}

type Fields = Readonly<Record<string, unknown>>;

function importKey(text: string, jwk: Fields | undefined): KeyObject | undefined {
  try {
    return createPrivateKey(jwk === undefined ? text : { key: jwk, format: "jwk" });
  } catch {
    // Whoever reads the key says what was expected; the error may quote the text.
    return undefined;
  }
}

function readObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // Checked to be an object.
    return typeof value === "object" && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function textAt(fields: Fields | undefined, key: string): string | undefined {
  const value = fields?.[key];
  return typeof value === "string" ? value : undefined;
}
