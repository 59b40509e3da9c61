/** Talking to the API server: the way there, sets of objects that are watched, single objects, leadership, events. */
export { openClusterAccess, type ClusterAccess, type ClusterPlace, type SocketAccess } from "./access.ts";
export { forwardToPod, type ForwardOutcome, type PodPort } from "./port-forward.ts";
export { pathOf, resources, type Place, type Resource } from "./resource.ts";
export { watchObjects, type ObjectWatch, type WatchObjectsOptions } from "./watch-objects.ts";
export { createNamedNamespaces, type NamedNamespaces } from "./named-namespaces.ts";
export {
  createObjects,
  getMetadata,
  type Applier,
  type JsonPatchOperation,
  type NewObjectPlace,
  type ObjectOutcome,
  type ObjectPlace,
  type Objects,
  type ObjectsOptions,
  type Writer,
} from "./objects.ts";
export { createElection, defaultLeaseTimes, type Election, type LeaseOptions, type LeaseTimes } from "./lease.ts";
export { createEventRecorder, type EventFacts, type EventRecorder, type EventRecorderOptions } from "./events.ts";
export type { ApiFailure, ApiFailureKind } from "./failure.ts";
export type {
  RawConfigMap,
  RawEndpointSlice,
  RawEvent,
  RawIngressRule,
  RawLease,
  RawMetadata,
  RawNetworkPolicy,
  RawObject,
  RawOwner,
  RawReference,
  RawScale,
  RawSecret,
  RawSelector,
  RawSelectorTerm,
  RawTokenReview,
  RawWebhookConfiguration,
  RawWorkload,
} from "./object.ts";
export type { RawContainer, RawContainerPort, RawPod } from "./pod.ts";
export { createBackoff, type Backoff, type BackoffBounds } from "./backoff.ts";
export { parseClusterPlace } from "./place.ts";
