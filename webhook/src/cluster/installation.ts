/**
 * Who signs policy, and what is signed for each namespace, by watch of the operator's ConfigMaps. Keys are never forgotten: a
 * sidecar without them would enforce nothing, so a ConfigMap that vanished or broke leaves the last good ones in force.
 */
import { bundleLimits } from "@outrigger/api/bundle";
import { bundleObject, trustObject } from "@outrigger/api/cluster-objects";
import { resources, type ObjectWatch } from "@outrigger/kube";
import { readJwks } from "@outrigger/runtime/jws";
import { parseObject, readObject, readText } from "../inject/read/json.ts";
import type { InstallationSource } from "../server/installation.ts";
import { watch, type ClusterContext } from "./context.ts";

/** A source over two watches. */
export interface WatchedInstallation {
  readonly source: InstallationSource;
  /** True once the keys that sign are known. */
  readonly hasTrustKeys: () => boolean;
  readonly trust: Pick<ObjectWatch<unknown>, "isSynced" | "stop">;
  readonly bundles: Pick<ObjectWatch<unknown>, "isSynced" | "stop">;
}

/** Starts watching. `trustName` is the ConfigMap with the public keys; `onBundles` hears which namespaces have a bundle. */
export function watchInstallation(
  context: ClusterContext,
  trustName: string,
  onBundles: (namespaces: readonly string[]) => void,
): WatchedInstallation {
  let trustKeys: string | undefined;
  let index: ReadonlyMap<string, string> | undefined;
  const namespaces = [context.ownNamespace];
  const trust = watch(context, "trust", {
    resource: resources.configMaps,
    namespaces,
    fieldSelector: `metadata.name=${trustName}`,
    read: (object) => readText(readObject(object, "data"), trustObject.publicMember),
    onChange: () => {
      const [text] = trust.list();
      const read = text === undefined ? undefined : readTrustKeys(text);
      if (text !== undefined && read === undefined)
        context.onRefused(
          "trust",
          `ConfigMap ${trustName}: expected ${trustObject.publicMember} to be a set of public keys`,
        );
      trustKeys = read ?? trustKeys;
    },
  });
  const bundles = watch(context, "bundles", {
    resource: resources.configMaps,
    namespaces,
    labelSelector: `${bundleObject.label}=${bundleObject.labelValue}`,
    read: (object) => readBundle(readObject(object, "data")),
    onChange: () => {
      index = undefined;
      onBundles([...readIndex().keys()]);
    },
  });
  const readIndex = (): ReadonlyMap<string, string> =>
    (index ??= new Map(bundles.list().filter((each) => each !== undefined)));
  const find: InstallationSource["find"] = (namespace) => {
    if (trustKeys === undefined) return undefined;
    const bundle = readIndex().get(namespace);
    return { trustKeys, ...(bundle === undefined ? {} : { bundle }) };
  };
  return { source: { find }, hasTrustKeys: () => trustKeys !== undefined, trust, bundles };
}

/** Written anew, so that no two replicas write the same keys in two ways. */
function readTrustKeys(text: string): string | undefined {
  const keys = readJwks(parseObject(text));
  return keys === undefined ? undefined : JSON.stringify(keys);
}

/** Namespace and bundle; what a sidecar would refuse for its size is as good as none. */
function readBundle(data: unknown): readonly [namespace: string, bundle: string] | undefined {
  const namespace = readText(data, bundleObject.namespaceMember);
  const bundle = readText(data, bundleObject.policyMember) ?? "";
  const isUsable = bundle !== "" && bundle.length <= bundleLimits.maxChars;
  return namespace === undefined || !isUsable ? undefined : [namespace, bundle];
}
