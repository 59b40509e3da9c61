/**
 * Objects as they stand in manifests, sent to the API server byte for byte. The Kubernetes client would read them into its own classes
 * first and drop what it names otherwise, such as `from` of a NetworkPolicy: an open door that looks like a shut one.
 */
import { askCluster, sendToCluster } from "../ask-cluster.ts";

/** A Kubernetes object as it stands in a manifest. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ManifestMetadata;
  readonly [field: string]: unknown;
}

/** The part of the metadata that is read here. */
export interface ManifestMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Creates and deletes objects. Each rejects with the API server's words. */
export interface ManifestClient {
  readonly create: (manifest: Manifest) => Promise<void>;
  /** Does not wait for the object's end. */
  readonly remove: (manifest: Manifest) => Promise<void>;
}

interface ResourceList {
  readonly resources: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
}

/** Creates the client. Objects without a namespace get `namespace`, where their kind has one. */
export function createManifestClient(kubeconfig: string, namespace: string): ManifestClient {
  const lists = new Map<string, Promise<ResourceList>>();
  const locate = async ({ apiVersion, kind, metadata }: Manifest): Promise<string> => {
    const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const list = lists.get(group) ?? askCluster<ResourceList>(kubeconfig, group);
    lists.set(group, list);
    // A name with a slash is a part of another resource, such as pods/status.
    const resource = (await list).resources.find((entry) => entry.kind === kind && !entry.name.includes("/"));
    if (resource === undefined) throw new Error(`${apiVersion} has no kind ${kind}`);
    if (!resource.namespaced) return `${group}/${resource.name}`;
    return `${group}/namespaces/${metadata.namespace ?? namespace}/${resource.name}`;
  };
  return {
    create: async (manifest) => {
      await sendToCluster(kubeconfig, { method: "POST", path: await locate(manifest), body: manifest });
    },
    remove: async (manifest) => {
      const path = `${await locate(manifest)}/${manifest.metadata.name}`;
      await sendToCluster(kubeconfig, { method: "DELETE", path });
    },
  };
}
