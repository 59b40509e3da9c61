/** The pods with a label, in all namespaces or in some. One list and watch per namespace, so that Roles are enough. */
import type { ClusterAccess } from "./access.ts";
import { defaultBounds, type BackoffBounds } from "./backoff.ts";
import type { ApiFailure } from "./failure.ts";
import { createListWatch } from "./list-watch.ts";
import type { RawPod } from "./pod.ts";

/** What is watched. Without `namespaces` (or with none) all of them are. */
export interface WatchPodsOptions<T> {
  readonly access: ClusterAccess;
  readonly labelSelector: string;
  readonly namespaces?: readonly string[];
  /** What is kept of a pod. */
  readonly read: (pod: RawPod) => T;
  /**
   * Called after each change, and when requests work again after a failure; `namespace` is undefined for all. Read the
   * state from {@link PodWatch.list}. What it throws goes to `onHandlerError`.
   */
  readonly onChange: (namespace: string | undefined) => void;
  /** A request failed. The next attempt is under way already. */
  readonly onFailure: (failure: ApiFailure, namespace: string | undefined) => void;
  readonly onHandlerError: (error: unknown) => void;
  /** Time between complete lists in ms, spread by a fifth; default 10 minutes. */
  readonly resyncMs?: number;
  /** Waits after failures; default 1 s to 30 s. */
  readonly backoff?: BackoffBounds;
  readonly random?: () => number;
}

/** A running watch. */
export interface PodWatch<T> {
  /** Everything that is known now, namespaces in the order given, pods in the order first seen. */
  readonly list: () => readonly T[];
  /** True once every namespace was listed completely. */
  readonly isSynced: () => boolean;
  readonly stop: () => Promise<void>;
}

const defaultResyncMs = 10 * 60_000;

/** Starts watching at once. It never ends by itself: every failure is followed by another attempt. */
export function watchPods<T>(options: WatchPodsOptions<T>): PodWatch<T> {
  const { access, labelSelector, read, onFailure, onHandlerError } = options;
  const namespaces = options.namespaces ?? [];
  const scopes = namespaces.length === 0 ? [undefined] : [...new Set(namespaces)];
  const callSafely = (handler: () => void): void => {
    try {
      handler();
    } catch (error) {
      // A handler's fault must not end the watch; who gave the handler hears of it.
      onHandlerError(error);
    }
  };
  const parts = scopes.map((namespace) =>
    createListWatch({
      access,
      path: namespace === undefined ? "/api/v1/pods" : `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`,
      labelSelector,
      read,
      onChange: () => callSafely(() => options.onChange(namespace)),
      onFailure: (failure) => callSafely(() => onFailure(failure, namespace)),
      resyncMs: options.resyncMs ?? defaultResyncMs,
      backoff: options.backoff ?? defaultBounds,
      random: options.random ?? Math.random,
    }),
  );
  for (const part of parts) part.start();
  return {
    list: () => parts.flatMap((part) => [...part.items.values()]),
    isSynced: () => parts.every((part) => part.isSynced()),
    stop: async () => {
      await Promise.all(parts.map((part) => part.stop()));
    },
  };
}
