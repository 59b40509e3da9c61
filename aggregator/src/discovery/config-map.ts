/**
 * Discovery source "config-map": a server file that stands in a ConfigMap. Its servers are of the ConfigMap's namespace, so that
 * whoever keeps it can name none of another. Watched through the API server, because a mounted file follows only after a minute or so.
 */
import { serverListObject } from "@outrigger/api/cluster-objects";
import {
  resources,
  watchObjects,
  type ApiFailure,
  type ClusterAccess,
  type ObjectWatch,
  type RawConfigMap,
} from "@outrigger/kube";
import { createKeptList, type ListText } from "./kept-list.ts";
import type { DiscoveredSet, DiscoverySource } from "./source.ts";

/** A ConfigMap by its name. */
export interface ListReference {
  readonly namespace: string;
  readonly name: string;
}

/** How to reach the cluster, and which ConfigMap. */
export interface ConfigMapSourceOptions {
  readonly access: ClusterAccess;
  readonly list: ListReference;
  readonly onHandlerError: (error: unknown) => void;
  /** Waits after failures in ms; default 1 s to 30 s. */
  readonly backoff?: { readonly firstMs: number; readonly longestMs: number };
}

interface Reading {
  readonly text: string | undefined;
  readonly createdAt: string;
}

const { member } = serverListObject;

/** Creates the source, stopped. */
export function createConfigMapSource(options: ConfigMapSourceOptions): DiscoverySource {
  const { access, list: reference, onHandlerError } = options;
  const { namespace, name } = reference;
  const title = `ConfigMap ${namespace}/${name}`;
  let watch: ObjectWatch<Reading> | undefined;
  let failure: ApiFailure | undefined;
  let createdAt = "";
  let set: DiscoveredSet = { sidecars: [], problems: [] };
  const place = { origin: "ConfigMap", namespace, keyPrefix: `config-map:${namespace}/${name}` } as const;
  // The same in every replica, whenever that began to look.
  const kept = createKeptList(title, { ...place, createdAtOf: () => createdAt });

  const take = (): void => {
    const [found] = watch?.list() ?? [];
    createdAt = found?.createdAt ?? createdAt;
    set = kept.take(readText(found)) ?? set;
  };

  return {
    name: "config-map",
    start: (onSet) => {
      const tell = (): void => {
        const faults = [failure && `${title}: ${failure.message}`, set.fault].filter((fault) => fault !== undefined);
        onSet({ ...set, ...(faults.length === 0 ? {} : { fault: faults.join("; ") }) });
      };
      watch = watchObjects({
        access,
        resource: resources.configMaps,
        namespaces: [namespace],
        fieldSelector: `metadata.name=${name}`,
        read: readConfigMap,
        onChange: () => {
          failure = undefined;
          take();
          tell();
        },
        onFailure: (now) => {
          failure = now;
          tell();
        },
        onHandlerError,
        ...(options.backoff === undefined ? {} : { backoff: options.backoff }),
      });
      return Promise.resolve();
    },
    // Waiting would not give the right to read it; what can't be reached now may come with the next attempt.
    isSynced: () => kept.isTaken() || failure?.kind === "forbidden",
    stop: async () => {
      await watch?.stop();
    },
  };
}

function readConfigMap({ data, metadata }: RawConfigMap): Reading {
  return { text: data?.[member], createdAt: metadata?.creationTimestamp ?? "" };
}

function readText(found: Reading | undefined): ListText {
  if (found === undefined) return { missing: "is not there" };
  return found.text === undefined ? { missing: `has no member ${member}` } : { text: found.text };
}
