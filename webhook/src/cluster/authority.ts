/**
 * The authority that signs our certificate, as its Secret says it: found, made where there is none, put back where somebody took
 * it away. Never decides which certificate is served; that is leaf.ts's.
 */
import {
  ensureAuthority,
  readAuthoritySecret,
  toNewSecret,
  type AuthorityState,
  type KeyedCertificate,
} from "@outrigger/certs";
import { resources, type Objects, type ObjectWatch } from "@outrigger/kube";
import { watch, type ClusterContext } from "./context.ts";

/** Where the Secret is and what a new authority is made with. */
export interface AuthorityOptions {
  readonly context: ClusterContext;
  readonly objects: Objects;
  readonly secretName: string;
  readonly lifetimeMs: number;
  readonly nowMs: () => number;
  readonly onChange: () => void;
}

/** The authority in force. */
export interface WatchedAuthority extends Pick<ObjectWatch<unknown>, "isSynced" | "stop"> {
  /** The pair that signs now; makes it where it is missing. A problem is one sentence, and to be tried again. */
  readonly find: () => Promise<
    { readonly ok: true; readonly signing: KeyedCertificate } | { readonly ok: false; readonly problem: string }
  >;
}

/** Starts watching the Secret. */
export function watchAuthority(options: AuthorityOptions): WatchedAuthority {
  const { context, objects, secretName, nowMs, lifetimeMs } = options;
  const namespace = context.ownNamespace;
  let known: AuthorityState | undefined;
  const { list, isSynced, stop } = watch(context, "authority", {
    resource: resources.secrets,
    namespaces: [namespace],
    fieldSelector: `metadata.name=${secretName}`,
    read: (secret) => secret,
    onChange: options.onChange,
  });
  /** An authority that the API server trusts already is worth more than a new one: nothing has to be announced. */
  const putBack = async (state: AuthorityState): Promise<void> => {
    const place = { resource: resources.secrets, namespace };
    // Whatever comes of it, the Secret is read again below.
    await objects.create(place, toNewSecret(secretName, state));
  };
  const find: WatchedAuthority["find"] = async () => {
    if (!isSynced()) return { ok: false, problem: `Secret ${secretName} was not read yet` };
    const [secret] = list();
    const read = secret === undefined ? undefined : readAuthoritySecret(secret, nowMs());
    if (read?.ok === true) {
      known = read.state;
      return { ok: true, signing: known.signing };
    }
    if (secret === undefined && known !== undefined) await putBack(known);
    const ensured = await ensureAuthority({ objects, namespace, name: secretName, nowMs, lifetimeMs });
    if (!ensured.ok) return { ok: false, problem: `Secret ${secretName}: ${ensured.failure.message}` };
    known = ensured.state;
    return { ok: true, signing: known.signing };
  };
  return { find, isSynced, stop };
}
