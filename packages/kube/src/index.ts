/** Talking to the API server: the way there, and the pods that carry a label. */
export { openClusterAccess, type ClusterAccess, type ClusterPlace } from "./access.ts";
export { watchPods, type PodWatch, type WatchPodsOptions } from "./watch-pods.ts";
export type { ApiFailure } from "./failure.ts";
export type { RawContainer, RawPod } from "./pod.ts";
export { createBackoff, type Backoff, type BackoffBounds } from "./backoff.ts";
