/** First stage of certificates: the Secret (made where it is missing) and what the webhook configuration says. Next: reconcile.ts. */
import { ensureAuthority, type AuthorityState, type EnsureAuthorityOptions } from "@outrigger/certs";
import type { ApiFailure } from "@outrigger/kube";
import type { RegistrationFacts } from "../cluster/own-objects.ts";
import type { ClusterView } from "../cluster/view.ts";

/** What is there. `registration` undefined: there is no webhook configuration. */
export interface ObservedAuthority {
  readonly state: AuthorityState;
  readonly resourceVersion: string;
  readonly made: "found" | "created" | "replaced";
  readonly registration: RegistrationFacts | undefined;
}

/** Looks. */
export async function observeAuthority(
  options: EnsureAuthorityOptions,
  view: ClusterView,
): Promise<
  { readonly ok: true; readonly observed: ObservedAuthority } | { readonly ok: false; readonly failure: ApiFailure }
> {
  const ensured = await ensureAuthority(options);
  if (!ensured.ok) return ensured;
  const { state, resourceVersion, made } = ensured;
  return { ok: true, observed: { state, resourceVersion, made, registration: view.registration() } };
}
