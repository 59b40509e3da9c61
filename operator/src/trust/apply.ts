/** Third stage of trust: writes Secret and ConfigMap. Stage before: reconcile.ts, next: report.ts. */
import { trustObject } from "@outrigger/api/cluster-objects";
import { resources, type ApiFailure, type Objects, type RawSecret } from "@outrigger/kube";
import { generateKeyPair, type PrivateJwk } from "@outrigger/runtime/jws";
import { managedBy } from "../cluster/network-policy.ts";
import type { ObservedTrust, TrustKeys } from "./observe.ts";
import { toJwks, type TrustStep } from "./reconcile.ts";

/** Where both objects are, and when. */
export interface TrustPlace {
  readonly objects: Objects;
  readonly namespace: string;
  readonly name: string;
  readonly nowMs: number;
  /** Further members of the Secret, for who mounts it. */
  readonly alsoWrite?: (keys: TrustKeys) => Readonly<Record<string, string>>;
}

/** The keys as they stand in the cluster now, or why they could not be written: another round decides anew. */
export type AppliedTrust =
  { readonly ok: true; readonly keys: TrustKeys } | { readonly ok: false; readonly failure: ApiFailure };

/** Brings the Secret to where the step leads. Somebody else's write in between is a `conflict` or `alreadyExists`. */
export async function applyStep(observed: ObservedTrust, step: TrustStep, place: TrustPlace): Promise<AppliedTrust> {
  if (observed.kind === "present") {
    const { keys, resourceVersion } = observed;
    if (step === "rotate") return write(place, { ...(await makeKey(place)), previous: keys.current }, resourceVersion);
    if (step === "retire") return write(place, { ...keys, previous: undefined }, resourceVersion);
    return { ok: true, keys };
  }
  const keys = { ...(await makeKey(place)), previous: undefined };
  return write(place, keys, observed.kind === "broken" ? observed.resourceVersion : undefined);
}

async function makeKey({ nowMs }: TrustPlace): Promise<{ readonly current: PrivateJwk; readonly createdMs: number }> {
  return { current: (await generateKeyPair()).privateJwk, createdMs: nowMs };
}

async function write(place: TrustPlace, keys: TrustKeys, resourceVersion: string | undefined): Promise<AppliedTrust> {
  const { objects, namespace, name } = place;
  const data = { ...toData(keys), ...mapValues(place.alsoWrite?.(keys) ?? {}, encode) };
  const secret: RawSecret = { metadata: { name, labels }, type: "Opaque", data: withoutNulls(data) };
  const written =
    resourceVersion === undefined
      ? await objects.create({ resource: resources.secrets, namespace }, secret)
      : await objects.mergePatch(
          { resource: resources.secrets, namespace, name },
          { metadata: { resourceVersion }, data },
        );
  return written.ok ? { ok: true, keys } : written;
}

const labels = { [managedBy.label]: managedBy.value };

const encode = (text: string): string => Buffer.from(text).toString("base64");

function mapValues(texts: Readonly<Record<string, string>>, map: (text: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, map(text)]));
}

function toData({ current, previous, createdMs }: TrustKeys): Readonly<Record<string, string | null>> {
  return {
    [trustObject.privateMember]: encode(JSON.stringify(current)),
    [trustObject.idMember]: encode(current.kid),
    [trustObject.createdMember]: Number.isNaN(createdMs) ? null : encode(new Date(createdMs).toISOString()),
    [trustObject.previousMember]: previous === undefined ? null : encode(JSON.stringify(previous)),
  };
}

function withoutNulls(data: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).flatMap(([key, value]) => (value === null ? [] : [[key, value] as const])),
  );
}

/** Publishes the public keys where they differ from what is published. */
export async function publish(
  keys: TrustKeys,
  published: string | undefined,
  { objects, namespace, name }: TrustPlace,
): Promise<ApiFailure | undefined> {
  const wanted = JSON.stringify(toJwks(keys));
  if (published === wanted) return undefined;
  const object = { metadata: { labels }, data: { [trustObject.publicMember]: wanted } };
  const applied = await objects.apply({ resource: resources.configMaps, namespace, name }, object, {
    fieldManager: managedBy.value,
    ownership: "take",
  });
  return applied.ok ? undefined : applied.failure;
}
