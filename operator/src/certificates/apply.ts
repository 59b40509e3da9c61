/** Third stage of certificates: repairs entries and takes a step of a rotation. Stage before: reconcile.ts, next: report.ts. */
import {
  announce,
  makeAuthority,
  pinVersion,
  retire,
  switchOver,
  writeAuthority,
  type AuthorityState,
  type RotationStep,
} from "@outrigger/certs";
import { resources, type ApiFailure, type Objects } from "@outrigger/kube";
import { readRegistration, trustFieldManager, type RegistrationFacts } from "../cluster/own-objects.ts";
import { buildRelease, buildRepair, findStrays } from "./reconcile.ts";

/** Whether every entry trusts what it should, as read back from the answer; or why not. */
export type Repaired =
  { readonly ok: true; readonly changed: number } | { readonly ok: false; readonly failure: ApiFailure };

const fieldManager = trustFieldManager;

/** Brings the entries to the bundle where they differ; where none does, gives up what an earlier repair claimed. */
export async function repairEntries(
  objects: Objects,
  registration: RegistrationFacts,
  caBundle: string,
): Promise<Repaired> {
  const { resource, name, entries, claim, resourceVersion } = registration;
  const strays = findStrays(entries, caBundle);
  const operations =
    strays.length > 0
      ? buildRepair({ resourceVersion, strays }, caBundle)
      : claim === undefined
        ? []
        : buildRelease(claim);
  if (operations.length === 0) return { ok: true, changed: 0 };
  const patched = await objects.jsonPatch({ resource, name }, operations, { fieldManager });
  if (!patched.ok) return patched;
  if (findStrays(readRegistration(resource, patched.object).entries, caBundle).length === 0)
    return { ok: true, changed: strays.length };
  return { ok: false, failure: { kind: "conflict", message: "an entry trusts something else right after its repair" } };
}

/** Where the Secret is, at which version it was read, and what a new authority is made with. */
export interface AuthorityPlace {
  readonly objects: Objects;
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  readonly nowMs: number;
  readonly lifetimeMs: number;
  readonly keyBits?: number;
}

/** Takes the step and gives the new state; somebody else's write in between is a `conflict`. */
export async function takeStep(
  step: Exclude<RotationStep, "none">,
  state: AuthorityState,
  place: AuthorityPlace,
): Promise<
  { readonly ok: true; readonly state: AuthorityState } | { readonly ok: false; readonly failure: ApiFailure }
> {
  const next = await advance(step, state, place);
  const { objects, namespace, name, resourceVersion } = place;
  const at = { resource: resources.secrets, namespace, name };
  const written = await objects.mergePatch(at, pinVersion(writeAuthority(next), resourceVersion), { fieldManager });
  return written.ok ? { ok: true, state: next } : written;
}

async function advance(
  step: Exclude<RotationStep, "none">,
  state: AuthorityState,
  place: AuthorityPlace,
): Promise<AuthorityState> {
  switch (step) {
    case "announce":
      return announce(state, await makeAuthority(place), place.nowMs);
    case "switch":
      return switchOver(state, place.nowMs);
    case "retire":
      return retire(state, place.nowMs);
  }
}
