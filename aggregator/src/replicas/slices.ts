/**
 * The replicas by a watch on the EndpointSlices of their headless Service. Decides who takes sessions over (ready and not leaving) and who
 * may still hold some (everybody listed). While the API server is away, what was known last holds.
 */
import {
  resources,
  watchObjects,
  type BackoffBounds,
  type ClusterAccess,
  type RawEndpointSlice,
} from "@outrigger/kube";
import type { Membership } from "./membership.ts";
import type { Members } from "./place.ts";

/** Which Service, and who asks. */
export interface SlicesOptions {
  readonly access: ClusterAccess;
  readonly service: { readonly namespace: string; readonly name: string };
  /** Address of the replica that asks; the others listen on its port. */
  readonly self: string;
  readonly onFailure: (problem: string) => void;
  readonly onHandlerError: (error: unknown) => void;
  /** Waits after failures in ms; default 1 s to 30 s. */
  readonly backoff?: BackoffBounds;
}

/** The label by which the slices of a Service are found. Source: Kubernetes, well-known labels. */
const serviceLabel = "kubernetes.io/service-name";

/** Starts watching. */
export function watchMembership(options: SlicesOptions): Membership {
  const { access, service, self, onFailure, onHandlerError, backoff } = options;
  const { port } = new URL(self);
  let members: Members = { ready: [self], listed: undefined };
  let lastProblem = "";
  const watch = watchObjects({
    access,
    resource: resources.endpointSlices,
    namespaces: [service.namespace],
    labelSelector: `${serviceLabel}=${service.name}`,
    read: (slice) => readSlice(slice, port),
    onChange: () => {
      lastProblem = "";
      if (watch.isSynced()) members = joinSlices(watch.list(), self);
    },
    onFailure: ({ message }) => {
      if (message !== lastProblem) onFailure(message);
      lastProblem = message;
    },
    onHandlerError,
    ...(backoff === undefined ? {} : { backoff }),
  });
  return { members: () => members, stop: () => watch.stop() };
}

/** One address of a slice. */
export interface SliceMember {
  readonly address: string;
  readonly isReady: boolean;
}

/** Reads a slice. Its Service publishes addresses that are not ready too, so `serving` tells readiness, not `ready`. Pure. */
export function readSlice({ addressType, endpoints }: RawEndpointSlice, port: string): readonly SliceMember[] {
  return (endpoints ?? []).flatMap(({ addresses, conditions }) => {
    const isReady = conditions?.serving !== false && conditions?.terminating !== true;
    return (addresses ?? []).map((host) => {
      const shown = addressType === "IPv6" ? `[${host}]` : host;
      return { address: `http://${shown}:${port}`, isReady };
    });
  });
}

/** Joins slices to members. The replica that asks is one of them, whatever has been heard of it. Pure. */
export function joinSlices(slices: readonly (readonly SliceMember[])[], self: string): Members {
  const all = slices.flat();
  const ready = all.filter(({ isReady }) => isReady).map(({ address }) => address);
  return { ready: [...new Set([self, ...ready])], listed: [...new Set([self, ...all.map(({ address }) => address)])] };
}
