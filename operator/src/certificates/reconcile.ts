/**
 * Second stage of certificates: whom entries trust that they should not, whether that is ours to say, and what the cluster is told.
 * Pure. Stage before: observe.ts, next: apply.ts.
 */
import { joinTrusted, splitPem } from "@outrigger/certs";
import type { JsonPatchOperation } from "@outrigger/kube";
import { trustFieldManager, type EntryFacts, type RegistrationFacts } from "../cluster/own-objects.ts";

/** What every entry of ours is to trust: base64 of the certificates as PEM. */
export function toCaBundle(trusted: readonly string[]): string {
  return Buffer.from(joinTrusted(trusted)).toString("base64");
}

/** True where `source` is to say whom entries trust: it is named, or nobody is. */
export function isOurs(registration: RegistrationFacts, source: string): boolean {
  return registration.source === undefined || registration.source === source;
}

/** Certificates that entries trust beside the wanted ones, each as PEM. */
export function listForeign(entries: readonly EntryFacts[], wanted: readonly string[]): readonly string[] {
  const trusted = entries.flatMap(({ caBundle }) => splitPem(Buffer.from(caBundle, "base64").toString()));
  const known = splitPem(joinTrusted(wanted));
  return [...new Set(trusted)].filter((pem) => !known.includes(pem));
}

/** The entries that trust something else. */
export function findStrays(entries: readonly EntryFacts[], caBundle: string): readonly EntryFacts[] {
  return entries.filter((entry) => entry.caBundle !== caBundle);
}

/**
 * Repairs entries, in the version that they were read in and no other: whoever was the leader until just now must not undo what
 * the next one has written. Each is tested by name as well, since the version says nothing where it was not read.
 */
export function buildRepair(
  { resourceVersion, strays }: { readonly resourceVersion: string; readonly strays: readonly EntryFacts[] },
  caBundle: string,
): readonly JsonPatchOperation[] {
  return [
    ...(resourceVersion === ""
      ? []
      : [{ op: "test", path: "/metadata/resourceVersion", value: resourceVersion } as const]),
    ...strays.flatMap(
      ({ index, name }) =>
        [
          { op: "test", path: `/webhooks/${index}/name`, value: name },
          { op: "add", path: `/webhooks/${index}/clientConfig/caBundle`, value: caBundle },
        ] as const,
    ),
  ];
}

/**
 * Gives up the ownership of what was written, and nothing of its content: a server-side apply that says something else, as another
 * certificate mode does, would be refused as a conflict with us. The claim is tested by name: others come and go before it.
 */
export function buildRelease(claim: number): readonly JsonPatchOperation[] {
  const path = `/metadata/managedFields/${claim}`;
  return [
    { op: "test", path: `${path}/manager`, value: trustFieldManager },
    { op: "remove", path },
  ];
}
