/**
 * Discovery source "asleep": servers that were put to sleep, from what the operator has kept of them. The API server's failures, and
 * objects that can't be read, become the set's fault; what is known stays.
 */
import { asleepObject, readAsleep, type AsleepServer, type ReadAsleep } from "@outrigger/api/asleep";
import { unpackText } from "@outrigger/runtime/packed";
import {
  resources,
  watchObjects,
  type BackoffBounds,
  type ClusterAccess,
  type ObjectWatch,
  type RawConfigMap,
} from "@outrigger/kube";
import { serverKey } from "../catalog/entry.ts";
import type { DiscoveredSet, DiscoverySource } from "./source.ts";

/** How to reach the cluster, and where to look. */
export interface AsleepSourceOptions {
  readonly access: ClusterAccess;
  /** Where the operator keeps what it keeps. */
  readonly keptIn: string;
  /** Namespaces whose servers count; all of them where there is none. */
  readonly namespaces: readonly string[];
  readonly onHandlerError: (error: unknown) => void;
  /** Waits after failures in ms; default 1 s to 30 s. */
  readonly backoff?: BackoffBounds;
}

/** One object as it was read; `name` is the object's. */
export type AsleepReading = ReadAsleep<AsleepServer> & { readonly name: string };

const settleMs = 50;

/** Creates the source, stopped. Changes that come together are told together. */
export function createAsleepSource(options: AsleepSourceOptions): DiscoverySource {
  const { access, keptIn, namespaces, onHandlerError, backoff } = options;
  let watch: ObjectWatch<AsleepReading> | undefined;
  let failure: string | undefined;
  let settling: NodeJS.Timeout | undefined;
  let isWholeTold = false;

  return {
    name: "asleep",
    start: (onSet) => {
      const tellSoon = (): void => {
        settling ??= setTimeout(() => {
          settling = undefined;
          const wasWhole = watch?.isSynced() === true;
          onSet(collectAsleep(watch?.list() ?? [], { namespaces, failure }));
          isWholeTold ||= wasWhole;
        }, settleMs);
      };
      watch = watchObjects({
        access,
        resource: resources.configMaps,
        labelSelector: `${asleepObject.label}=${asleepObject.labelValue}`,
        namespaces: [keptIn],
        read: readKept,
        onChange: () => {
          failure = undefined;
          tellSoon();
        },
        onFailure: ({ message }) => {
          failure = `sleeping servers in namespace ${keptIn}: ${message}`;
          tellSoon();
        },
        onHandlerError,
        ...(backoff === undefined ? {} : { backoff }),
      });
      return Promise.resolve();
    },
    isSynced: () => isWholeTold,
    stop: async () => {
      clearTimeout(settling);
      await watch?.stop();
    },
  };
}

/** Reads one object; one that is broken is named by what it says wrong. */
export function readKept(object: RawConfigMap): AsleepReading {
  return { ...readAsleep(object, unpackText), name: object.metadata?.name ?? "" };
}

/**
 * The set of what was read: each server once, by what was kept last (several workloads may bear one name), and the faults of objects that
 * can't be read.
 */
export function collectAsleep(
  readings: readonly AsleepReading[],
  { namespaces, failure }: { readonly namespaces: readonly string[]; readonly failure: string | undefined },
): DiscoveredSet {
  const byServer = new Map<string, AsleepServer>();
  const faults = failure === undefined ? [] : [failure];
  for (const reading of readings) {
    if (!reading.ok) {
      faults.push(`ConfigMap ${reading.name}: ${reading.problem}`);
      continue;
    }
    const server = reading.value;
    if (namespaces.length > 0 && !namespaces.includes(server.namespace)) continue;
    const key = serverKey(server.namespace, server.server);
    const known = byServer.get(key);
    if (known === undefined || isLater(server, known)) byServer.set(key, server);
  }
  const fault = faults.join("; ");
  return { sidecars: [], problems: [], asleep: [...byServer.values()], ...(fault === "" ? {} : { fault }) };
}

function isLater(a: AsleepServer, b: AsleepServer): boolean {
  const byTime = Date.parse(a.since) - Date.parse(b.since);
  return byTime === 0 ? a.workload.name > b.workload.name : byTime > 0;
}
