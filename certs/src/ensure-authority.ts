/**
 * Makes sure that the Secret of the webhook's authority exists and can sign, whoever comes first: a webhook replica or the
 * operator. Several may try at once; one of them wins and the others read what it wrote.
 */
import { resources, type ApiFailure, type ObjectOutcome, type Objects, type RawSecret } from "@outrigger/kube";
import {
  makeAuthority,
  readAuthoritySecret,
  startWith,
  takeOver,
  toNewSecret,
  writeAuthority,
  type AuthorityRemains,
  type AuthorityState,
} from "./ca-secret.ts";

/** Where the Secret is, and what a new authority is made with. */
export interface EnsureAuthorityOptions {
  readonly objects: Objects;
  readonly namespace: string;
  readonly name: string;
  readonly nowMs: () => number;
  readonly lifetimeMs: number;
  readonly keyBits?: number;
  /** Whom API servers trust now, each as PEM: authorities of ours among them stay trusted beside a new one. */
  readonly trustedNow: () => readonly string[];
}

/** The state as it stands in the cluster, with the version it was read at; or why it can't be had now. */
export type EnsuredAuthority =
  | {
      readonly ok: true;
      readonly state: AuthorityState;
      readonly resourceVersion: string;
      readonly made: "found" | "created" | "replaced";
    }
  | { readonly ok: false; readonly failure: ApiFailure };

/** How often a race is tried again. */
const rounds = 5;

/** Reads the Secret; creates it where it is missing, replaces its content where that can't sign. */
export async function ensureAuthority(options: EnsureAuthorityOptions): Promise<EnsuredAuthority> {
  let failure: ApiFailure = { kind: "conflict", message: "the Secret changed at every attempt" };
  for (let round = 0; round < rounds; round++) {
    const outcome = await tryOnce(options);
    if (outcome.ok) return outcome;
    failure = outcome.failure;
    if (failure.kind !== "alreadyExists" && failure.kind !== "conflict" && failure.kind !== "notFound") break;
  }
  return { ok: false, failure };
}

async function tryOnce(options: EnsureAuthorityOptions): Promise<EnsuredAuthority> {
  const { objects, namespace, name, nowMs } = options;
  const found = await objects.get({ resource: resources.secrets, namespace, name });
  if (!found.ok) return found.failure.kind === "notFound" ? create(options) : found;
  const read = readAuthoritySecret(found.object, nowMs());
  const resourceVersion = found.object.metadata?.resourceVersion ?? "";
  return read.ok
    ? { ok: true, state: read.state, resourceVersion, made: "found" }
    : replace(options, { resourceVersion, ...read.remains });
}

async function create(options: EnsureAuthorityOptions): Promise<EnsuredAuthority> {
  const { objects, namespace, name } = options;
  const state = await makeState(options, { trusted: [] });
  return toEnsured(await objects.create({ resource: resources.secrets, namespace }, toNewSecret(name, state)), {
    state,
    made: "created",
  });
}

async function replace(
  options: EnsureAuthorityOptions,
  { resourceVersion, ...remains }: AuthorityRemains & { readonly resourceVersion: string },
): Promise<EnsuredAuthority> {
  const { objects, namespace, name } = options;
  const state = await makeState(options, remains);
  const place = { resource: resources.secrets, namespace, name };
  return toEnsured(await objects.mergePatch(place, pinVersion(writeAuthority(state), resourceVersion)), {
    state,
    made: "replaced",
  });
}

/** An authority that is announced already is worth more than a new one. */
async function makeState(
  options: EnsureAuthorityOptions,
  { next, trusted }: AuthorityRemains,
): Promise<AuthorityState> {
  const { nowMs, lifetimeMs, keyBits, trustedNow } = options;
  const before = [...trusted, ...trustedNow()];
  if (next !== undefined) return takeOver(next, before, nowMs());
  const bits = keyBits === undefined ? {} : { keyBits };
  const made = await makeAuthority({ nowMs: nowMs(), lifetimeMs, ...bits });
  return startWith(made, nowMs(), before);
}

function toEnsured(
  written: ObjectOutcome<RawSecret>,
  { state, made }: { readonly state: AuthorityState; readonly made: "created" | "replaced" },
): EnsuredAuthority {
  if (!written.ok) return written;
  return { ok: true, state, resourceVersion: written.object.metadata?.resourceVersion ?? "", made };
}

/** A writing that applies to one version of the Secret alone. */
export function pinVersion(writing: ReturnType<typeof writeAuthority>, resourceVersion: string): object {
  return { ...writing, metadata: { ...writing.metadata, resourceVersion } };
}
