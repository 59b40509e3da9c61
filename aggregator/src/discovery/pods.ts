/**
 * Discovery source "pods": pods that carry the sidecar, and pods that ask for it and do not carry it. The API server's
 * failures become the set's fault; what is known stays.
 */
import { keys } from "@outrigger/api/keys";
import { resources, watchObjects, type ClusterAccess, type ObjectWatch } from "@outrigger/kube";
import { readPod, type PodReading } from "./read-pod.ts";
import type { DiscoveredSet, DiscoverySource, GoneReason } from "./source.ts";

/** How to reach the cluster, and where to look; without `namespaces` everywhere. */
export interface PodSourceOptions {
  readonly access: ClusterAccess;
  readonly namespaces: readonly string[];
  readonly onHandlerError: (error: unknown) => void;
  /** Whether a sidecar answers, by its key: then an empty list does not speak against it. */
  readonly isAnswering?: (key: string) => boolean;
  /** Waits after failures in ms; default 1 s to 30 s. */
  readonly backoff?: { readonly firstMs: number; readonly longestMs: number };
}

const injected = `${keys.injected.key}=true`;
const missed = `${keys.inject.key}=enabled,${keys.injected.key}!=true`;
const settleMs = 50;

/** Creates the source, stopped. Changes that come together are told together. */
export function createPodSource(options: PodSourceOptions): DiscoverySource {
  const { access, namespaces, onHandlerError, isAnswering = () => false } = options;
  let watches: readonly ObjectWatch<PodReading>[] = [];
  const faults = new Map<string, string>();
  const gone = new Map<string, GoneReason>();
  let settling: NodeJS.Timeout | undefined;

  /** True once a set was told that holds the first complete list of every watch. */
  let isWholeTold = false;

  const isWhole = (): boolean => watches.length > 0 && watches.every((watch) => watch.isSynced());
  const readSet = (): DiscoveredSet => {
    const readings = watches.flatMap((watch) => watch.list());
    const fault = [...faults.values()].join("; ");
    return {
      sidecars: readings.flatMap((reading) => (reading.kind === "sidecar" ? [reading.sidecar] : [])),
      problems: readings.flatMap((reading) => (reading.kind === "problem" ? [reading.problem] : [])),
      ...(fault === "" ? {} : { fault }),
    };
  };

  return {
    name: "pods",
    start: (onSet) => {
      const tellSoon = (): void => {
        settling ??= setTimeout(() => {
          settling = undefined;
          const wasWhole = isWhole();
          onSet(readSet());
          gone.clear();
          isWholeTold ||= wasWhole;
        }, settleMs);
      };
      watches = [injected, missed].map((labelSelector) =>
        watchObjects({
          access,
          resource: resources.pods,
          labelSelector,
          namespaces,
          read: readPod,
          onChange: (namespace) => {
            faults.delete(`${labelSelector} ${namespace ?? ""}`);
            tellSoon();
          },
          onFailure: (failure, namespace) => {
            const where = namespace === undefined ? "" : ` of namespace ${namespace}`;
            faults.set(`${labelSelector} ${namespace ?? ""}`, `pods${where}: ${failure.message}`);
            tellSoon();
          },
          onHandlerError,
          outlivesEmptyLists: (reading) => reading.kind === "sidecar" && isAnswering(reading.sidecar.key),
          onRemoved: (reading, why) => {
            if (reading.kind !== "sidecar") return;
            gone.set(reading.sidecar.key, why === "deleted" ? "PodDeleted" : "PodNotListed");
          },
          ...(options.backoff === undefined ? {} : { backoff: options.backoff }),
        }),
      );
      return Promise.resolve();
    },
    isSynced: () => isWholeTold,
    // What is still there, but no sidecar any more, has finished or is on its way out.
    whyGone: (key) => gone.get(key) ?? "PodEnded",
    stop: async () => {
      clearTimeout(settling);
      await Promise.all(watches.map((watch) => watch.stop()));
    },
  };
}
