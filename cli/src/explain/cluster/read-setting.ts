/** Reads what a decision depends on in a cluster: the namespace, what the installation decides by, who signs policy, Services and bounds. */
import { bundleObject, trustObject } from "@outrigger/api/cluster-objects";
import type { RawConfigMap } from "@outrigger/kube";
import {
  defaultConfig,
  parseObject,
  readText,
  type InjectionConfig,
  type InstallationState,
  type NamespaceFacts,
} from "@outrigger/webhook/inject";
import { readJwks } from "@outrigger/runtime/jws";
import type { Cluster } from "../../check/cluster/cluster.ts";
import { findReleases } from "../../check/cluster/find-release.ts";
import { readBounds } from "../../check/cluster/read-around.ts";
import { readInjectionConfig } from "../../check/cluster/read-installation.ts";
import { kinds } from "../../check/cluster/resources.ts";
import type { NamespaceBounds, Release } from "../../check/facts.ts";
import { mapLook, type Look } from "../../check/look.ts";
import { readFacts } from "../read-subjects.ts";

/** Everything around an object. `notes`: what could not be looked at, and what is taken instead. */
export interface Setting {
  readonly facts: NamespaceFacts;
  readonly config: InjectionConfig;
  /** False where defaults stand in for a configuration that could not be read. */
  readonly isConfigKnown: boolean;
  readonly installation: InstallationState | undefined;
  readonly services: readonly unknown[];
  readonly bounds: Look<NamespaceBounds>;
  readonly release: Release | undefined;
  readonly notes: readonly string[];
}

/** Where to look. `installation`: the namespace of one of several installations. */
export interface SettingPlace {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly installation: string | undefined;
  /** Takes the place of the installation's. */
  readonly config: InjectionConfig | undefined;
}

/** Reads. Never rejects; what a right is missing for stands in the notes. */
export async function readSetting({ cluster, namespace, installation, config }: SettingPlace): Promise<Setting> {
  const { resources } = await import("@outrigger/kube");
  const [found, space, services, bounds] = await Promise.all([
    findReleases(cluster, installation),
    cluster.get({ resource: resources.namespaces, name: namespace }),
    cluster.list({ resource: kinds.services, namespaces: [namespace], read: (service): unknown => service }),
    readBounds(cluster, { namespaces: [namespace], isLimited: true }),
  ]);
  const release = found.ok ? found.value[0] : undefined;
  const [seen, state] = release === undefined ? [] : await readInstalled(cluster, release, namespace);
  const chosen = config ?? valueOf(seen);
  return {
    facts: space.ok ? readFacts(space.value) : { labels: {}, annotations: {} },
    config: chosen ?? defaultConfig,
    isConfigKnown: chosen !== undefined,
    installation: valueOf(state),
    services: valueOf(services) ?? [],
    bounds: mapLook(bounds, ([own]) => own ?? { namespace, limits: [], quotas: [] }),
    release,
    notes: [
      ...noteReleases(found),
      ...note(space, "its labels and annotations are taken for none"),
      ...note(seen, "the defaults of injection are taken instead"),
      ...note(state, "whether a restart would change the sidecar can't be said"),
      ...note(services, "where Services lead can't be said"),
      ...note(bounds, "whether the sidecar fits can't be said"),
    ],
  };
}

function readInstalled(
  cluster: Cluster,
  release: Release,
  namespace: string,
): Promise<readonly [Look<InjectionConfig>, Look<InstallationState>]> {
  return Promise.all([readInjectionConfig(cluster, release), readState(cluster, release, namespace)]);
}

const valueOf = <T>(look: Look<T> | undefined): T | undefined => (look?.ok === true ? look.value : undefined);

function noteReleases(found: Look<readonly Release[]>): readonly string[] {
  if (!found.ok) return [`the installation is not known: ${found.why}; --installation names its namespace`];
  const places = found.value.map(({ namespace }) => namespace);
  if (places.length === 0)
    return ["there is no installation of Outrigger here: nobody is asked about pods, the defaults are taken"];
  return places.length === 1
    ? []
    : [`of installations in ${places.join(", ")} the first is taken; --installation names one`];
}

function note(look: Look<unknown> | undefined, meaning: string): readonly string[] {
  return look === undefined || look.ok ? [] : [`${look.why}: ${meaning}`];
}

/** The public keys that sign policy, and the namespace's signed policy, as the webhook reads them. */
async function readState(cluster: Cluster, release: Release, namespace: string): Promise<Look<InstallationState>> {
  const { resources } = await import("@outrigger/kube");
  const [trust, bundles] = await Promise.all([
    cluster.get<RawConfigMap>({
      resource: resources.configMaps,
      namespace: release.namespace,
      name: `${release.name}-trust`,
    }),
    cluster.list({
      resource: resources.configMaps,
      namespaces: [release.namespace],
      labelSelector: `${bundleObject.label}=${bundleObject.labelValue}`,
      read: ({ data }): unknown => data,
    }),
  ]);
  if (!trust.ok) return trust;
  if (!bundles.ok) return bundles;
  const { [trustObject.publicMember]: keys = "" } = trust.value.data ?? {};
  // In the spelling in which the webhook puts them into pods.
  const trusted = readJwks(parseObject(keys));
  if (trusted === undefined) return { ok: false, why: `configmap ${release.name}-trust has no keys that can be read` };
  const own = bundles.value.find((data) => readText(data, bundleObject.namespaceMember) === namespace);
  const bundle = readText(own, bundleObject.policyMember);
  return { ok: true, value: { trustKeys: JSON.stringify(trusted), ...(bundle === undefined ? {} : { bundle }) } };
}
