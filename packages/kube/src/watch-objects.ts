/**
 * The objects of one kind that selectors pick, in all namespaces or in some. One list and watch per namespace, so that
 * Roles are enough.
 */
import type { ClusterAccess } from "./access.ts";
import { defaultBounds, type BackoffBounds } from "./backoff.ts";
import type { ApiFailure } from "./failure.ts";
import { createListWatch } from "./list-watch.ts";
import { readSelectors } from "./list.ts";
import type { RawObject } from "./object.ts";
import { pathOf, type Resource } from "./resource.ts";

/** What is watched. Without `namespaces` (or with none) all of them are; absent selectors select everything. */
export interface WatchObjectsOptions<O extends RawObject, T> {
  readonly access: ClusterAccess;
  readonly resource: Resource<O>;
  /** For example `outrigger.dev/injected=true`. */
  readonly labelSelector?: string;
  /** For example `metadata.name=outrigger-trust`. */
  readonly fieldSelector?: string;
  readonly namespaces?: readonly string[];
  /** What is kept of an object. It must not throw on any JSON. */
  readonly read: (object: O) => T;
  /** True for what stays known however often a list comes back empty; nothing where absent. It must not throw. */
  readonly outlivesEmptyLists?: (item: T) => boolean;
  /** Hears of each removal, before the change is told. */
  readonly onRemoved?: (item: T, why: "deleted" | "notListed") => void;
  /**
   * Called after each change, and when requests work again after a failure; `namespace` is undefined for all. Read the
   * state from {@link ObjectWatch.list}. What it throws goes to `onHandlerError`.
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
export interface ObjectWatch<T> {
  /** Everything that is known now, namespaces in the order given, objects in the order first seen. */
  readonly list: () => readonly T[];
  /** True once every namespace was listed completely. */
  readonly isSynced: () => boolean;
  readonly stop: () => Promise<void>;
}

const defaultResyncMs = 10 * 60_000;

/** Starts watching at once. It never ends by itself: every failure is followed by another attempt. */
export function watchObjects<O extends RawObject, T>(options: WatchObjectsOptions<O, T>): ObjectWatch<T> {
  const { access, resource, read, onFailure, onHandlerError } = options;
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
    createListWatch<O, T>({
      access,
      path: pathOf(resource, namespace === undefined ? {} : { namespace }),
      ...readSelectors(options),
      read,
      ...(options.outlivesEmptyLists === undefined ? {} : { outlivesEmptyLists: options.outlivesEmptyLists }),
      onRemoved: (item, why) => callSafely(() => options.onRemoved?.(item, why)),
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
