/** What is kept of the operator's own ConfigMaps and of the webhook configuration. Pure. */
import { readAsleepIdentity, type AsleepIdentity, type ReadAsleep } from "@outrigger/api/asleep";
import {
  admissionEntrySuffix,
  bundleObject,
  registrationObject,
  trustObject,
  validationEntrySuffix,
} from "@outrigger/api/cluster-objects";
import { resources, type RawConfigMap, type RawWebhookConfiguration, type Resource } from "@outrigger/kube";
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

/** A server that sleeps: the ConfigMap, and who it is, or why that can't be read. What it serves is left to the aggregator. */
export interface AsleepFacts {
  readonly name: string;
  readonly uid: string;
  readonly identity: ReadAsleep<AsleepIdentity>;
}

/** Reads a ConfigMap with the label of sleeping servers; undefined where it has no name. */
export function readAsleepObject(object: RawConfigMap): AsleepFacts | undefined {
  const { name, uid = "" } = object.metadata ?? {};
  return name === undefined ? undefined : { name, uid, identity: readAsleepIdentity(object) };
}

/** One entry of the webhook configuration. `index` is its place, `caBundle` base64 of PEM. */
export interface EntryFacts {
  readonly index: number;
  readonly name: string;
  readonly caBundle: string;
}

/** The kinds of webhook configuration whose entries are kept; all of one installation bear one name. */
export const registrationKinds: readonly Resource<RawWebhookConfiguration>[] = [
  resources.mutatingWebhookConfigurations,
  resources.validatingWebhookConfigurations,
];

/** A webhook configuration, as far as it says whom API servers trust. */
export interface RegistrationFacts {
  readonly resource: Resource<RawWebhookConfiguration>;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** The entries that are ours. */
  readonly entries: readonly EntryFacts[];
  /** Who is to say it, as the chart wrote it; undefined where nothing is written. */
  readonly source: string | undefined;
  /** Which of the managers of its fields is this duty; undefined where it owns none. */
  readonly claim: number | undefined;
}

/** Who writes what API servers trust, in `metadata.managedFields`. */
export const trustFieldManager = "outrigger-ca-injector";

const ourSuffixes = [admissionEntrySuffix, validationEntrySuffix];

/** Reads a webhook configuration of a kind. */
export function readRegistration(
  resource: Resource<RawWebhookConfiguration>,
  { metadata, webhooks = [] }: RawWebhookConfiguration,
): RegistrationFacts {
  const claim = (metadata?.managedFields ?? []).findIndex(({ manager }) => manager === trustFieldManager);
  return {
    resource,
    ...readIdentity(metadata),
    entries: webhooks.flatMap(({ name = "", clientConfig }, index) =>
      ourSuffixes.some((suffix) => name.endsWith(suffix))
        ? [{ index, name, caBundle: clientConfig?.caBundle ?? "" }]
        : [],
    ),
    source: metadata?.annotations?.[registrationObject.trustFrom],
    claim: claim === -1 ? undefined : claim,
  };
}

function readIdentity({ name = "", uid = "", resourceVersion = "" }: RawWebhookConfiguration["metadata"] = {}) {
  return { name, uid, resourceVersion };
}

/** The public keys that a ConfigMap publishes, as they stand there. */
export function readPublishedKeys({ data }: RawConfigMap): string {
  return data?.[trustObject.publicMember] ?? "";
}
