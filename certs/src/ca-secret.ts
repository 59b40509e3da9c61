/**
 * The webhook's certificate authority as it stands in its Secret: reading, writing, making the first one. Pure but for the
 * keys that are made. When which phase of a rotation comes is rotation.ts's; who writes is the caller's.
 */
import { authorityObject } from "@outrigger/api/cluster-objects";
import type { RawSecret } from "@outrigger/kube";
import { createAuthority } from "./authority.ts";
import type { KeyedCertificate } from "./certificate.ts";
import { splitPem } from "./pem.ts";
import { checkPair } from "./source.ts";

/**
 * Where a rotation stands. `steady`: one authority. `announced`: the next one is trusted and does not sign yet.
 * `switched`: it signs, the one before is still trusted.
 */
export const authorityPhases = ["steady", "announced", "switched"] as const;

export type AuthorityPhase = (typeof authorityPhases)[number];

/** What the Secret says. `trusted`: certificates as PEM, newest first, the signing one among them. Times: Unix epoch ms. */
export interface AuthorityState {
  readonly signing: KeyedCertificate;
  readonly next?: KeyedCertificate;
  readonly trusted: readonly string[];
  readonly phase: AuthorityPhase;
  readonly phaseSinceMs: number;
}

/** The state, or one sentence that says why the Secret holds no authority that can sign. */
export type ReadAuthority =
  { readonly ok: true; readonly state: AuthorityState } | { readonly ok: false; readonly problem: string };

/** Reads the Secret. A missing or broken phase, bundle or next pair is made good; a broken signing pair is a problem. */
export function readAuthoritySecret(secret: RawSecret, nowMs: number): ReadAuthority {
  const signing = readPair(secret, authorityObject.certificateMember, authorityObject.keyMember);
  if (signing === undefined) return { ok: false, problem: "the Secret lacks the certificate or the key that signs" };
  const checked = checkPair(signing, nowMs);
  if (!checked.ok) return { ok: false, problem: checked.problem };
  const next = readPair(secret, authorityObject.nextCertificateMember, authorityObject.nextKeyMember);
  const listed = splitPem(readMember(secret, authorityObject.trustedMember) ?? "");
  const own = splitPem(signing.certificatePem);
  return {
    ok: true,
    state: {
      signing,
      ...(next === undefined || !checkPair(next, nowMs).ok ? {} : { next }),
      trusted: [...new Set([...listed, ...own])],
      ...readPhase(secret, nowMs),
    },
  };
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
        [authorityObject.phaseSince]: new Date(phaseSinceMs).toISOString(),
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
  return createAuthority({ commonName: "Outrigger webhook CA", nowMs, lifetimeMs, ...bits });
}

/** The state of an installation that has one new authority. */
export function startWith(signing: KeyedCertificate, nowMs: number): AuthorityState {
  return { signing, trusted: splitPem(signing.certificatePem), phase: "steady", phaseSinceMs: nowMs };
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
  if (phase === undefined || Number.isNaN(sinceMs)) return { phase: phase ?? "steady", phaseSinceMs: nowMs };
  // A time in the future would hold the phase until then.
  return { phase, phaseSinceMs: Math.min(sinceMs, nowMs) };
}

const encode = (text: string): string => Buffer.from(text).toString("base64");
