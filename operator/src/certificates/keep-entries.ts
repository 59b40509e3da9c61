/**
 * Keeps the entries of the webhook configuration trusting what they should, for as long as that is this source's to say. What they
 * trusted when it became ours stays trusted for a while: webhooks that show a certificate of it may still answer.
 */
import type { Objects } from "@outrigger/kube";
import type { RegistrationFacts } from "../cluster/own-objects.ts";
import { repairEntries, type Repaired } from "./apply.ts";
import { isOurs, listForeign, toCaBundle } from "./reconcile.ts";

/** Whose word is kept where. `handoverMs`: how long what another source trusted stays trusted. */
export interface EntryKeeperOptions {
  readonly objects: Objects;
  readonly configuration: string;
  readonly source: "self" | "files";
  readonly handoverMs: number;
  readonly nowMs: () => number;
}

/** What came of it: the repair, what the entries trust then, and when there is more to do at the latest, ms from now. */
export interface KeptEntries {
  readonly repaired: Repaired;
  readonly caBundle: string;
  readonly nextMs: number | undefined;
}

/** Makes entries trust the wanted certificates (PEM); undefined where there are none, or somebody else is to do it. */
export type EntryKeeper = (
  registration: RegistrationFacts | undefined,
  wanted: readonly string[],
) => Promise<KeptEntries | undefined>;

/** Creates a keeper that has seen nothing. */
export function createEntryKeeper({ objects, configuration, source, ...times }: EntryKeeperOptions): EntryKeeper {
  const { handoverMs, nowMs } = times;
  let found: { readonly foreign: readonly string[]; readonly endMs: number } | undefined;
  return async (registration, wanted) => {
    if (registration === undefined || !isOurs(registration, source)) {
      found = undefined;
      return undefined;
    }
    found ??= { foreign: listForeign(registration.entries, wanted), endMs: nowMs() + handoverMs };
    const leftMs = found.foreign.length === 0 ? 0 : found.endMs - nowMs();
    const caBundle = toCaBundle(leftMs > 0 ? [...wanted, ...found.foreign] : wanted);
    const repaired = await repairEntries(objects, configuration, { registration, caBundle });
    return { repaired, caBundle, nextMs: leftMs > 0 ? leftMs : undefined };
  };
}
