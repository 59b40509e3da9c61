/** What is kept of the operator's own ConfigMaps and of the webhook configuration. Pure. */
import { admissionEntrySuffix, bundleObject, trustObject } from "@outrigger/api/cluster-objects";
import type { RawConfigMap, RawWebhookConfiguration } from "@outrigger/kube";
import { digestOf } from "./injected-pod.ts";
import { readBundleVersion } from "./trust-of-pod.ts";

/** The policy of a namespace as it is published. `state`: what the policy was when its version was made. */
export interface BundleFacts {
  readonly name: string;
  readonly uid: string;
  readonly namespace: string;
  readonly digest: string;
  readonly version: number | undefined;
  readonly state: string | undefined;
}

/** Reads a ConfigMap with the label of bundles; undefined where it has no name. */
export function readBundleObject({ metadata, data = {} }: RawConfigMap): BundleFacts | undefined {
  if (metadata?.name === undefined) return undefined;
  const text = data[bundleObject.policyMember] ?? "";
  return {
    name: metadata.name,
    uid: metadata.uid ?? "",
    namespace: data[bundleObject.namespaceMember] ?? "",
    digest: digestOf(text),
    version: readBundleVersion(text),
    state: metadata.annotations?.[bundleObject.state],
  };
}

/** One entry of the webhook configuration. `index` is its place, `caBundle` base64 of PEM. */
export interface EntryFacts {
  readonly index: number;
  readonly name: string;
  readonly caBundle: string;
}

/** The entries that are ours. */
export function readEntries({ webhooks = [] }: RawWebhookConfiguration): readonly EntryFacts[] {
  return webhooks.flatMap(({ name = "", clientConfig }, index) =>
    name.endsWith(admissionEntrySuffix) ? [{ index, name, caBundle: clientConfig?.caBundle ?? "" }] : [],
  );
}

/** The public keys that a ConfigMap publishes, as they stand there. */
export function readPublishedKeys({ data }: RawConfigMap): string {
  return data?.[trustObject.publicMember] ?? "";
}
