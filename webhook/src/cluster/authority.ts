/**
 * The authority that signs our certificate, as its Secret says it: found, made where there is none, put back where somebody took
 * it away. Never decides which certificate is served; that is leaf.ts's.
 */
import {
  checkPair,
  ensureAuthority,
  readAuthoritySecret,
  restoreWith,
  toNewSecret,
  type AuthorityState,
  type EnsureAuthorityOptions,
  type KeyedCertificate,
} from "@outrigger/certs";
import { resources, type Objects, type ObjectWatch, type RawSecret } from "@outrigger/kube";
import { watch, type ClusterContext } from "./context.ts";

/** Where the Secret is and what a new authority is made with. */
export interface AuthorityOptions {
  readonly context: ClusterContext;
  readonly objects: Objects;
  readonly secretName: string;
  readonly lifetimeMs: number;
  readonly nowMs: () => number;
  readonly onChange: () => void;
  /** Whom API servers trust, each as PEM; undefined while that is not known. */
  readonly trustedNow: () => readonly string[] | undefined;
}

/** The pair that signs now; made where it is missing. A problem is one sentence, and to be tried again. */
export type FindAuthority = () => Promise<
  { readonly ok: true; readonly signing: KeyedCertificate } | { readonly ok: false; readonly problem: string }
>;

/** The authority in force. */
export interface WatchedAuthority extends Pick<ObjectWatch<unknown>, "isSynced" | "stop"> {
  readonly find: FindAuthority;
}

/** Starts watching the Secret. */
export function watchAuthority(options: AuthorityOptions): WatchedAuthority {
  const { context, secretName } = options;
  const namespace = context.ownNamespace;
  const { list, isSynced, stop } = watch(context, "authority", {
    resource: resources.secrets,
    namespaces: [namespace],
    fieldSelector: `metadata.name=${secretName}`,
    read: (secret) => secret,
    onChange: options.onChange,
  });
  const seen = (): SeenSecret | undefined => (isSynced() ? { secret: list()[0] } : undefined);
  return { find: createAuthorityFinder({ ...options, namespace, name: secretName, seen }), isSynced, stop };
}

/** The Secret as it was seen last; without one there is none. */
export interface SeenSecret {
  readonly secret: RawSecret | undefined;
}

/** What is looked at; undefined: not yet known. */
export interface FinderOptions extends Omit<EnsureAuthorityOptions, "trustedNow"> {
  readonly seen: () => SeenSecret | undefined;
  readonly trustedNow: () => readonly string[] | undefined;
}

/** Creates a finder that knows no authority yet. */
export function createAuthorityFinder(options: FinderOptions): FindAuthority {
  const { objects, namespace, name, nowMs, seen } = options;
  let known: AuthorityState | undefined;
  /** An authority that the API server trusts already is worth more than a new one: nothing has to be announced. */
  const putBack = async (trustedNow: readonly string[]): Promise<void> => {
    if (known === undefined || !checkPair(known.signing, nowMs()).ok) return;
    const restored = restoreWith(known, trustedNow, nowMs());
    // Whatever comes of it, the Secret is read again afterwards.
    await objects.create({ resource: resources.secrets, namespace }, toNewSecret(name, restored));
  };
  /** Undefined where what was seen can't sign. */
  const readSeen = ({ secret }: SeenSecret): AuthorityState | undefined => {
    const read = secret === undefined ? undefined : readAuthoritySecret(secret, nowMs());
    return read?.ok === true ? read.state : undefined;
  };
  const make = async (isGone: boolean): Promise<{ state: AuthorityState } | { problem: string }> => {
    const before = options.trustedNow();
    if (before === undefined) return { problem: "whom API servers trust was not read yet" };
    if (isGone) await putBack(before);
    const ensured = await ensureAuthority({ ...options, trustedNow: () => options.trustedNow() ?? before });
    return ensured.ok ? { state: ensured.state } : { problem: `Secret ${name}: ${ensured.failure.message}` };
  };
  return async () => {
    const found = seen();
    if (found === undefined) return { ok: false, problem: `Secret ${name} was not read yet` };
    const state = readSeen(found);
    const outcome = state === undefined ? await make(found.secret === undefined) : { state };
    if ("problem" in outcome) return { ok: false, problem: outcome.problem };
    known = outcome.state;
    return { ok: true, signing: known.signing };
  };
}
