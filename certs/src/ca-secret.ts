/**
 * The webhook's certificate authority as it stands in its Secret: reading, writing, making the first one. Pure but for the
 * keys that are made. When which phase of a rotation comes is rotation.ts's; who writes is the caller's.
 */
import { X509Certificate } from "node:crypto";
import { authorityObject } from "@outrigger/api/cluster-objects";
import type { RawSecret } from "@outrigger/kube";
import { createAuthority } from "./authority.ts";
import type { KeyedCertificate } from "./certificate.ts";
import { splitPem } from "./pem.ts";
import { authorityPhases, type AuthorityPhase } from "./phase.ts";
import { checkPair } from "./source.ts";

/** Common name of every authority of ours. */
const authorityName = "Outrigger webhook CA";

/**
 * What the Secret says. `trusted`: certificates as PEM, newest first, the signing one among them. Times: Unix epoch ms;
 * `phaseSinceMs` is undefined where the Secret does not say it, or names a time that is still to come.
 */
export interface AuthorityState {
  readonly signing: KeyedCertificate;
  readonly next?: KeyedCertificate;
  readonly trusted: readonly string[];
  readonly phase: AuthorityPhase;
  readonly phaseSinceMs: number | undefined;
}

/** What of an authority that can't sign is still worth something: the next pair, and whom its Secret said to trust. */
export type AuthorityRemains = Pick<AuthorityState, "next" | "trusted">;

/** The state, or one sentence that says why the Secret holds no authority that can sign. */
export type ReadAuthority =
  | { readonly ok: true; readonly state: AuthorityState }
  | { readonly ok: false; readonly problem: string; readonly remains: AuthorityRemains };

/** Reads the Secret. A missing or broken phase, bundle or next pair is made good; a broken signing pair is a problem. */
export function readAuthoritySecret(secret: RawSecret, nowMs: number): ReadAuthority {
  const signing = readPair(secret, authorityObject.certificateMember, authorityObject.keyMember);
  const following = readPair(secret, authorityObject.nextCertificateMember, authorityObject.nextKeyMember);
  const next = following === undefined || !checkPair(following, nowMs).ok ? {} : { next: following };
  const trusted = splitPem(readMember(secret, authorityObject.trustedMember) ?? "");
  const refuse = (problem: string): ReadAuthority => ({ ok: false, problem, remains: { ...next, trusted } });
  if (signing === undefined) return refuse("the Secret lacks the certificate or the key that signs");
  const checked = checkPair(signing, nowMs);
  if (!checked.ok) return refuse(checked.problem);
  const all = [...new Set([...trusted, ...splitPem(signing.certificatePem)])];
  return { ok: true, state: { signing, ...next, trusted: all, ...readPhase(secret, nowMs) } };
}

/** Members of the Secret's data as base64, null for those that are to go, and its annotations: a merge patch. */
export interface AuthorityWriting {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly data: Readonly<Record<string, string | null>>;
}

/** Writes a state as a merge patch. Without its nulls it is a new Secret: see {@link toNewSecret}. */
export function writeAuthority(state: AuthorityState): AuthorityWriting {
  const { signing, next, trusted, phase, phaseSinceMs } = state;
  return {
    metadata: {
      annotations: {
        [authorityObject.phase]: phase,
        ...(phaseSinceMs === undefined ? {} : { [authorityObject.phaseSince]: new Date(phaseSinceMs).toISOString() }),
      },
    },
    data: {
      [authorityObject.trustedMember]: encode(joinTrusted(trusted)),
      [authorityObject.certificateMember]: encode(signing.certificatePem),
      [authorityObject.keyMember]: encode(signing.privateKeyPem),
      [authorityObject.nextCertificateMember]: next === undefined ? null : encode(next.certificatePem),
      [authorityObject.nextKeyMember]: next === undefined ? null : encode(next.privateKeyPem),
    },
  };
}

/** The Secret of a state, to be created. */
export function toNewSecret(name: string, state: AuthorityState): RawSecret {
  const { metadata, data } = writeAuthority(state);
  const kept = Object.entries(data).flatMap(([key, value]) => (value === null ? [] : [[key, value] as const]));
  return { metadata: { name, ...metadata }, type: "Opaque", data: Object.fromEntries(kept) };
}

/** The text that clients are to trust: all certificates, one after the other. */
export function joinTrusted(trusted: readonly string[]): string {
  return trusted.map((pem) => `${pem.trim()}\n`).join("");
}

/** What a new authority is made with; as in {@link createAuthority}. */
export interface NewAuthority {
  readonly nowMs: number;
  readonly lifetimeMs: number;
  readonly keyBits?: number;
}

/** Makes the pair of a new authority. */
export async function makeAuthority({ nowMs, lifetimeMs, keyBits }: NewAuthority): Promise<KeyedCertificate> {
  const bits = keyBits === undefined ? {} : { keyBits };
  return createAuthority({ commonName: authorityName, nowMs, lifetimeMs, ...bits });
}

/**
 * The state of an installation that has one new authority. `before`: who is trusted so far, each as PEM. Certificates of
 * authorities of ours among them stay trusted as long as after any switch: replicas may still serve what those have signed.
 */
export function startWith(signing: KeyedCertificate, nowMs: number, before: readonly string[] = []): AuthorityState {
  const own = splitPem(signing.certificatePem);
  const earlier = [...new Set(before)].filter((pem) => !own.includes(pem) && isAuthorityOfOurs(pem, nowMs));
  const phase = earlier.length === 0 ? "steady" : "switched";
  return { signing, trusted: [...own, ...earlier], phase, phaseSinceMs: nowMs };
}

/** The state in which the next authority signs, since the one before it can't. */
export function takeOver(next: KeyedCertificate, trusted: readonly string[], nowMs: number): AuthorityState {
  const all = [...new Set([...splitPem(next.certificatePem), ...trusted])];
  return { signing: next, trusted: all, phase: "switched", phaseSinceMs: nowMs };
}

/**
 * A state that is put back where somebody took its Secret away, beside whom API servers trust meanwhile: whoever puts it back
 * may not have seen the last step.
 */
export function restoreWith(state: AuthorityState, trustedNow: readonly string[], nowMs: number): AuthorityState {
  const later = trustedNow.filter((pem) => !state.trusted.includes(pem) && isAuthorityOfOurs(pem, nowMs));
  if (later.length === 0) return state;
  return startWith(state.signing, nowMs, [...state.trusted, ...later]);
}

/** By its name, since nothing else tells it from whom other certificate modes trust. */
function isAuthorityOfOurs(pem: string, nowMs: number): boolean {
  try {
    const { ca, subject, validToDate } = new X509Certificate(pem);
    return ca && subject.split("\n").includes(`CN=${authorityName}`) && validToDate.getTime() > nowMs;
  } catch {
    // What nobody can read, nobody can trust.
    return false;
  }
}

function readPair(secret: RawSecret, certificate: string, key: string): KeyedCertificate | undefined {
  const certificatePem = readMember(secret, certificate);
  const privateKeyPem = readMember(secret, key);
  return certificatePem === undefined || privateKeyPem === undefined ? undefined : { certificatePem, privateKeyPem };
}

function readMember({ data }: RawSecret, name: string): string | undefined {
  const value: unknown = data?.[name];
  return typeof value === "string" && value !== "" ? Buffer.from(value, "base64").toString("utf8") : undefined;
}

function readPhase({ metadata }: RawSecret, nowMs: number): Pick<AuthorityState, "phase" | "phaseSinceMs"> {
  const phase = authorityPhases.find((each) => each === metadata?.annotations?.[authorityObject.phase]);
  const sinceMs = Date.parse(metadata?.annotations?.[authorityObject.phaseSince] ?? "");
  // A time in the future, which a clock that was ahead has written, would hold the phase until then.
  return { phase: phase ?? "steady", phaseSinceMs: Number.isNaN(sinceMs) || sinceMs > nowMs ? undefined : sinceMs };
}

const encode = (text: string): string => Buffer.from(text).toString("base64");
