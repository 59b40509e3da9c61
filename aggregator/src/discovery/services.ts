/**
 * Discovery source "services": Services that say by a label that their addresses are sidecars, such as relays in front of servers elsewhere. The API
 * server's failures become the set's fault; what is known stays.
 */
import { sidecarService } from "@outrigger/api/cluster-objects";
import {
  resources,
  watchObjects,
  type ApiFailure,
  type BackoffBounds,
  type ClusterAccess,
  type ObjectWatch,
} from "@outrigger/kube";
import {
  readService,
  readServiceObject,
  readSliceObject,
  type ServiceReading,
  type SliceReading,
} from "./read-service.ts";
import type { DiscoveredSet, DiscoverySource } from "./source.ts";

/** How to reach the cluster, and where to look; without `namespaces` everywhere. */
export interface ServiceSourceOptions {
  readonly access: ClusterAccess;
  readonly namespaces: readonly string[];
  readonly onHandlerError: (error: unknown) => void;
  /** Waits after failures in ms; default 1 s to 30 s. */
  readonly backoff?: BackoffBounds;
}

const labelSelector = `${sidecarService.label}=${sidecarService.labelValue}`;
const settleMs = 50;

/** Creates the source, stopped. Changes that come together are told together. */
export function createServiceSource(options: ServiceSourceOptions): DiscoverySource {
  const { access, namespaces, onHandlerError, backoff } = options;
  const faults = new Map<string, string>();
  let services: ObjectWatch<ServiceReading | undefined> | undefined;
  let slices: ObjectWatch<SliceReading | undefined> | undefined;
  let settling: NodeJS.Timeout | undefined;
  let isWholeTold = false;
  // Waiting would not give the right to read them.
  let isForbidden = false;

  const isWhole = (): boolean => services?.isSynced() === true && slices?.isSynced() === true;
  const readSet = (): DiscoveredSet => {
    const known = (slices?.list() ?? []).flatMap((slice) => slice ?? []);
    const read = (services?.list() ?? []).flatMap((service) => service ?? []).map((each) => readService(each, known));
    const fault = [...faults.values()].join("; ");
    return {
      sidecars: read.flatMap(({ sidecars }) => sidecars),
      problems: read.flatMap(({ problems }) => problems),
      ...(fault === "" ? {} : { fault }),
    };
  };

  return {
    name: "services",
    start: (onSet) => {
      const tellSoon = (): void => {
        settling ??= setTimeout(() => {
          settling = undefined;
          const wasWhole = isWhole();
          isWholeTold ||= wasWhole;
          // A Service without its slices looks as if it had no addresses.
          const set = readSet();
          onSet(isWholeTold ? set : { ...set, sidecars: [], problems: [] });
        }, settleMs);
      };
      const shared = (what: string) => ({
        ...{ access, labelSelector, namespaces, onHandlerError },
        onChange: (namespace: string | undefined) => {
          faults.delete(`${what} ${namespace ?? ""}`);
          tellSoon();
        },
        onFailure: ({ kind, message }: ApiFailure, namespace: string | undefined) => {
          isForbidden = kind === "forbidden";
          const where = namespace === undefined ? "" : ` of namespace ${namespace}`;
          faults.set(`${what} ${namespace ?? ""}`, `${what}${where}: ${message}`);
          tellSoon();
        },
        ...(backoff === undefined ? {} : { backoff }),
      });
      services = watchObjects({ ...shared("services"), resource: resources.services, read: readServiceObject });
      slices = watchObjects({ ...shared("endpointslices"), resource: resources.endpointSlices, read: readSliceObject });
      return Promise.resolve();
    },
    isSynced: () => isWholeTold || isForbidden,
    stop: async () => {
      clearTimeout(settling);
      await Promise.all([services?.stop(), slices?.stop()]);
    },
  };
}
