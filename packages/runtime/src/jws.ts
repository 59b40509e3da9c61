/**
 * Signed texts: compact JWS with Ed25519 keys. It decides whether a text was signed by one of the keys that are trusted, and
 * takes exactly one spelling of it. What the payload means is for whoever asks. Source: RFC 7515, RFC 8037, RFC 7638.
 */
import { createPublicKey, verify, type KeyObject } from "node:crypto";
import type { JWK } from "jose";

/** A public Ed25519 key as JWK (RFC 8037). `x`: 32 bytes as base64url; `kid`: how a signature names its key. */
export interface PublicJwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly kid: string;
  readonly alg?: "EdDSA";
  readonly use?: "sig";
}

/** The same with its private half `d`. */
export interface PrivateJwk extends PublicJwk {
  readonly d: string;
}

/** Public keys, of which any may have signed. Key ids are unique. */
export interface Jwks {
  readonly keys: readonly PublicJwk[];
}

/** A text that was signed by a trusted key, or why it is not: it is no such text, or nobody trusted signed it. */
export type VerifiedJws =
  | { readonly ok: true; readonly payload: Uint8Array; readonly kid: string }
  | { readonly ok: false; readonly problem: "malformed" | "untrusted"; readonly message: string };

const algorithm = "EdDSA";

/** Makes a new key. Its id is its thumbprint (RFC 7638), so that equal keys have equal ids. */
export async function generateKeyPair(): Promise<{ readonly privateJwk: PrivateJwk; readonly publicJwk: PublicJwk }> {
  const [generate, { exportJWK }, { calculateJwkThumbprint }] = await Promise.all([
    import("jose/key/generate/keypair"),
    import("jose/key/export"),
    import("jose/jwk/thumbprint"),
  ]);
  const pair = await generate.generateKeyPair(algorithm, { crv: "Ed25519", extractable: true });
  const { x = "", d = "" } = await exportJWK(pair.privateKey);
  const bare = { kty: "OKP", crv: "Ed25519", x } as const;
  const publicJwk: PublicJwk = { ...bare, kid: await calculateJwkThumbprint(bare), alg: algorithm, use: "sig" };
  return { publicJwk, privateJwk: { ...publicJwk, d } };
}

/** Signs a text. `type` becomes the header `typ`, so that a text signed for one purpose is not taken for another. */
export async function signCompact(payload: string, key: PrivateJwk, type: string): Promise<string> {
  const [{ CompactSign }, { importJWK }] = await Promise.all([
    import("jose/jws/compact/sign"),
    import("jose/key/import"),
  ]);
  return new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader({ alg: algorithm, kid: key.kid, typ: type })
    .sign(await importJWK(toJwk(key), algorithm));
}

/**
 * Verifies a text against the keys; its header must name one of them, the type and nothing that is not understood.
 * Cost: one Ed25519 verification; the library is loaded with the first text.
 */
export async function verifyCompact(
  text: string,
  trusted: { readonly keys: Jwks; readonly type: string },
): Promise<VerifiedJws> {
  const signer = findSigner(text, trusted);
  return "ok" in signer ? signer : verifyWith(text, signer);
}

/**
 * Verifies a text at once, for whoever can't wait; it takes and refuses the same as {@link verifyCompact}.
 * Cost: one Ed25519 verification on this thread, about 0.1 ms, without a library.
 */
export function verifyCompactSync(text: string, trusted: { readonly keys: Jwks; readonly type: string }): VerifiedJws {
  const signer = findSigner(text, trusted);
  if ("ok" in signer) return signer;
  const signedEnd = text.lastIndexOf(".");
  const signature = Buffer.from(text.slice(signedEnd + 1), "base64url");
  if (!verify(null, Buffer.from(text.slice(0, signedEnd)), importKey(signer), signature)) return notSignedBy(signer);
  const payload = Buffer.from(text.slice(text.indexOf(".") + 1, signedEnd), "base64url");
  return { ok: true, payload: new Uint8Array(payload), kid: signer.kid };
}

const importedKeys = new WeakMap<PublicJwk, KeyObject>();

function importKey(key: PublicJwk): KeyObject {
  const known = importedKeys.get(key);
  if (known !== undefined) return known;
  const { kty, crv, x } = key;
  const imported = createPublicKey({ key: { kty, crv, x }, format: "jwk" });
  importedKeys.set(key, imported);
  return imported;
}

/** The key that a text says it was signed with, or why there is none. */
function findSigner(
  text: string,
  trusted: { readonly keys: Jwks; readonly type: string },
): PublicJwk | Extract<VerifiedJws, { ok: false }> {
  const [head = "", body = "", signature = "", ...more] = text.split(".");
  if (more.length > 0 || ![head, body, signature].every(isCanonical)) return malformed("it is no compact JWS");
  const header = readObject(Buffer.from(head, "base64url").toString("utf8"));
  if (header === undefined) return malformed("its header is no JSON object");
  const problem = checkHeader(header, trusted.type);
  if (problem !== undefined) return malformed(problem);
  const key = trusted.keys.keys.find(({ kid }) => kid === header["kid"]);
  return key ?? { ok: false, problem: "untrusted", message: "none of the trusted keys has its key id" };
}

function checkHeader(header: Readonly<Record<string, unknown>>, type: string): string | undefined {
  if (header["alg"] !== algorithm) return `its algorithm is not ${algorithm}`;
  if ("crit" in header) return "its header asks for what is not understood";
  return header["typ"] === type ? undefined : `its type is not ${type}`;
}

function notSignedBy({ kid }: PublicJwk): Extract<VerifiedJws, { ok: false }> {
  return { ok: false, problem: "untrusted", message: `it was not signed as it stands by the key ${kid}` };
}

async function verifyWith(text: string, key: PublicJwk): Promise<VerifiedJws> {
  const [{ compactVerify }, { importJWK }, { JOSEError }] = await Promise.all([
    import("jose/jws/compact/verify"),
    import("jose/key/import"),
    import("jose/errors"),
  ]);
  const imported = await importJWK(toJwk(key), algorithm);
  try {
    const { payload } = await compactVerify(text, imported, { algorithms: [algorithm] });
    return { ok: true, payload, kid: key.kid };
  } catch (error) {
    if (!(error instanceof JOSEError)) throw error;
    if (error.code === "ERR_JWS_SIGNATURE_VERIFICATION_FAILED") return notSignedBy(key);
    return malformed(error.message);
  }
}

/** Reads a set of public keys from a parsed value; undefined where it is not one: a private half, no key, an id twice. */
export function readJwks(value: unknown): Jwks | undefined {
  const keys: unknown = isRecord(value) ? value["keys"] : undefined;
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isPublicJwk)) return undefined;
  return new Set(keys.map(({ kid }) => kid)).size === keys.length ? { keys } : undefined;
}

function isPublicJwk(value: unknown): value is PublicJwk {
  if (!isRecord(value) || "d" in value) return false;
  const { kty, crv, x, kid, alg = algorithm, use = "sig" } = value;
  const isOurs = [kty, crv, alg, use].join(" ") === `OKP Ed25519 ${algorithm} sig`;
  return isOurs && isPoint(x) && typeof kid === "string" && kid !== "";
}

/** 32 bytes. */
const isPoint = (x: unknown): boolean => typeof x === "string" && x.length === 43 && isCanonical(x);

/** The library's type is open to every kind of key; ours holds the members of one. */
function toJwk(key: PublicJwk | PrivateJwk): JWK {
  const { kty, crv, x } = key;
  return "d" in key ? { kty, crv, x, d: key.d } : { kty, crv, x };
}

/** A decoder passes over spare bits and foreign characters; only the spelling that an encoder writes is taken. */
function isCanonical(part: string): boolean {
  return part !== "" && Buffer.from(part, "base64url").toString("base64url") === part;
}

function readObject(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(message: string): Extract<VerifiedJws, { ok: false }> {
  return { ok: false, problem: "malformed", message };
}
