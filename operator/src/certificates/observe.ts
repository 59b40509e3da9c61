/** First stage of certificates: the Secret (made where it is missing) and what the webhook configurations say. Next: reconcile.ts. */
import { ensureAuthority, splitPem, type AuthorityState, type EnsureAuthorityOptions } from "@outrigger/certs";
import type { ApiFailure } from "@outrigger/kube";
import type { RegistrationFacts } from "../cluster/own-objects.ts";
import type { ClusterView } from "../cluster/view.ts";

/** What is there. */
export interface ObservedAuthority {
  readonly state: AuthorityState;
  readonly resourceVersion: string;
  readonly made: "found" | "created" | "replaced";
  readonly registrations: readonly RegistrationFacts[];
}

/** Looks; at the configurations first, so that what is written into them is never older than what was read there. */
export async function observeAuthority(
  options: Omit<EnsureAuthorityOptions, "trustedNow">,
  view: ClusterView,
): Promise<
  { readonly ok: true; readonly observed: ObservedAuthority } | { readonly ok: false; readonly failure: ApiFailure }
> {
  const registrations = view.registrations();
  const trustedNow = (): readonly string[] =>
    registrations.flatMap(({ entries }) => entries.flatMap(({ caBundle }) => splitPem(decode(caBundle))));
  const ensured = await ensureAuthority({ ...options, trustedNow });
  if (!ensured.ok) return ensured;
  const { state, resourceVersion, made } = ensured;
  return { ok: true, observed: { state, resourceVersion, made, registrations } };
}

const decode = (text: string): string => Buffer.from(text, "base64").toString("utf8");
