/**
 * Keeps the entries of the webhook configurations trusting what they should, for as long as that is this source's to say. What they
 * trusted when it became ours stays trusted for a while: webhooks that show a certificate of it may still answer.
 */
import type { Objects } from "@outrigger/kube";
import type { RegistrationFacts } from "../cluster/own-objects.ts";
import { repairEntries, type Repaired } from "./apply.ts";
import { isOurs, listForeign, toCaBundle } from "./reconcile.ts";

/** Whose word is kept where. `handoverMs`: how long what another source trusted stays trusted. */
export interface EntryKeeperOptions {
  readonly objects: Objects;
  readonly source: "self" | "files";
  readonly handoverMs: number;
  readonly nowMs: () => number;
}

/**
 * What came of it: the repair, what the entries trust then, since when they were seen to (Unix epoch ms; undefined where they
 * do not), which configurations somebody else had changed, and when there is more to do at the latest, ms from now.
 */
export interface KeptEntries {
  readonly repaired: Repaired;
  readonly sinceMs: number | undefined;
  readonly overwritten: readonly RegistrationFacts[];
  readonly nextMs: number | undefined;
}

/** Makes entries trust the wanted certificates (PEM); undefined where there are none, or somebody else is to do it. */
export type EntryKeeper = (
  registrations: readonly RegistrationFacts[],
  wanted: readonly string[],
) => Promise<KeptEntries | undefined>;

interface Kept {
  readonly caBundle: string;
  readonly sinceMs: number;
}

/** Creates a keeper that has seen nothing. */
export function createEntryKeeper({ objects, source, handoverMs, nowMs }: EntryKeeperOptions): EntryKeeper {
  let found: { readonly foreign: readonly string[]; readonly endMs: number } | undefined;
  /** What all entries were last seen to trust, and since when. */
  let kept: Kept | undefined;

  const repairAll = async (ours: readonly RegistrationFacts[], caBundle: string): Promise<readonly Repaired[]> => {
    const results: Repaired[] = [];
    for (const registration of ours) results.push(await repairEntries(objects, registration, caBundle));
    return results;
  };
  const remember = (caBundle: string, changed: number): Kept => {
    const sinceMs = kept?.caBundle === caBundle && changed === 0 ? kept.sinceMs : nowMs();
    // A clock that was ahead must not hold up what counts from here.
    return { caBundle, sinceMs: Math.min(sinceMs, nowMs()) };
  };

  return async (registrations, wanted) => {
    const ours = registrations.filter((registration) => isOurs(registration, source));
    if (ours.length === 0) {
      [found, kept] = [undefined, undefined];
      return undefined;
    }
    const entries = ours.flatMap((registration) => registration.entries);
    found ??= { foreign: listForeign(entries, wanted), endMs: nowMs() + handoverMs };
    // Never longer than meant, whatever the clock did.
    const leftMs = found.foreign.length === 0 ? 0 : Math.min(found.endMs - nowMs(), handoverMs);
    const caBundle = toCaBundle(leftMs > 0 ? [...wanted, ...found.foreign] : wanted);
    const before = kept;
    const results = await repairAll(ours, caBundle);
    const repaired = joinRepairs(results);
    kept = repaired.ok ? remember(caBundle, repaired.changed) : undefined;
    const isSame = before?.caBundle === caBundle;
    return {
      repaired,
      sinceMs: kept?.sinceMs,
      overwritten: isSame ? ours.filter((_, index) => hasChanged(results[index])) : [],
      nextMs: leftMs > 0 ? leftMs : undefined,
    };
  };
}

const hasChanged = (repaired: Repaired | undefined): boolean => repaired?.ok === true && repaired.changed > 0;

function joinRepairs(results: readonly Repaired[]): Repaired {
  const failed = results.find((result) => !result.ok);
  if (failed !== undefined) return failed;
  return { ok: true, changed: results.reduce((sum, result) => sum + (result.ok ? result.changed : 0), 0) };
}
