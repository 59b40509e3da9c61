/**
 * Keeps a set of objects equal to the cluster's: list, watch from there, watch again when a watch ends, list again when its
 * resource version is too old or the API server was away, wait longer after each failure. A failed list never takes away what is
 * known; an empty one only when it comes twice, and nothing that its reader keeps; a complete one that lacks an object removes it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterAccess } from "./access.ts";
import { createBackoff, type BackoffBounds } from "./backoff.ts";
import type { ApiFailure } from "./failure.ts";
import { listAll, readSelectors } from "./list.ts";
import { readObjectKey, type RawObject } from "./object.ts";
import { watchOnce, type WatchEvent } from "./watch.ts";

/** What is kept and who hears of it. Times in ms; `random` gives 0 to 1. */
export interface ListWatchOptions<O extends RawObject, T> {
  readonly access: ClusterAccess;
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** What is kept of an object. Keep little: it is held for every object that is selected. */
  readonly read: (object: O) => T;
  /** True for what stays known however often the list comes back empty; nothing where absent. */
  readonly outlivesEmptyLists?: (item: T) => boolean;
  /** Hears of each removal: the API server told of the deletion, or a complete list lacks the object. */
  readonly onRemoved?: (item: T, why: "deleted" | "notListed") => void;
  /** Called after each change, and when requests work again after a failure. */
  readonly onChange: () => void;
  readonly onFailure: (failure: ApiFailure) => void;
  readonly resyncMs: number;
  readonly backoff: BackoffBounds;
  readonly random: () => number;
}

/** The set, by uid. `isSynced` turns true with the first complete list and stays so. */
export interface ListWatch<T> {
  readonly items: ReadonlyMap<string, T>;
  readonly isSynced: () => boolean;
  readonly start: () => void;
  /** Ends all requests; nothing is reported afterwards. */
  readonly stop: () => Promise<void>;
}

/** Longest time a watch is asked to last, in seconds; each is shortened by up to a third, so that replicas spread. */
const watchSeconds = 300;

/** A watch that ends sooner, without an event, counts as a failure. */
const quickEndMs = 1_000;

/** Creates the supervisor, stopped. */
export function createListWatch<O extends RawObject, T>(options: ListWatchOptions<O, T>): ListWatch<T> {
  const { access, path, read, random } = options;
  const selected = { path, ...readSelectors(options) };
  const items = new Map<string, T>();
  const backoff = createBackoff(random, options.backoff);
  const ending = new AbortController();
  const { signal } = ending;
  let synced = false;
  let isEmptyDoubted = false;
  /** False where the last list led to no watch that worked: then a list alone does not end the waiting. */
  let isListTrusted = true;
  let hasFailed = false;
  let running: Promise<void> | undefined;

  const isStopped = (): boolean => signal.aborted;

  const pause = async (failure?: ApiFailure): Promise<void> => {
    if (isStopped()) return;
    if (failure !== undefined) {
      hasFailed = true;
      options.onFailure(failure);
    }
    // Rejects when the supervisor stops; the loop looks at the signal itself.
    await sleep(backoff.next(failure?.retryAfterMs), undefined, { signal }).catch(() => undefined);
  };

  const replaceAll = (listed: ReadonlyMap<string, T>): boolean => {
    const isEmpty = listed.size === 0 && items.size > 0;
    if (
      isEmpty &&
      (!isEmptyDoubted || [...items.values()].some((item) => options.outlivesEmptyLists?.(item) === true))
    ) {
      isEmptyDoubted = true;
      return false;
    }
    isEmptyDoubted = false;
    const before = new Map(items);
    items.clear();
    for (const [key, item] of listed) items.set(key, item);
    for (const [key, item] of before) if (!listed.has(key)) options.onRemoved?.(item, "notListed");
    synced = true;
    hasFailed = false;
    options.onChange();
    return true;
  };

  const apply = (event: WatchEvent<O>): void => {
    if (isStopped() || event.kind === "bookmark") return;
    const key = readObjectKey(event.object);
    if (key === undefined) return;
    if (event.kind === "removed") {
      const known = items.get(key);
      if (known !== undefined) options.onRemoved?.(known, "deleted");
      items.delete(key);
    } else items.set(key, read(event.object));
    options.onChange();
  };

  /** One watch; gives the resource version that was reached, or undefined where a new list is due. */
  const watchFrom = async (from: string, longestSeconds: number): Promise<string | undefined> => {
    const reached = { resourceVersion: from, events: 0 };
    const onEvent = (event: WatchEvent<O>): void => {
      reached.events++;
      reached.resourceVersion = event.resourceVersion ?? reached.resourceVersion;
      apply(event);
    };
    const onOpen = (): void => {
      if (hasFailed) options.onChange();
      hasFailed = false;
    };
    const timeoutSeconds = Math.ceil(Math.min(longestSeconds, watchSeconds * (1 - random() / 3)));
    const startedMs = performance.now();
    const wanted = { ...selected, resourceVersion: from, timeoutSeconds, signal, onOpen, onEvent };
    const { hasOpened, failure } = await watchOnce(access, wanted);
    const hasLasted = hasOpened && performance.now() - startedMs >= quickEndMs;
    await waitForNext(reached.events > 0 || hasLasted, failure);
    // One that was away may be back with a store of before, whose versions are younger: it would take the watch and tell nothing.
    const wasAway = !hasOpened && failure?.kind === "unreachable";
    return failure?.kind === "expired" || wasAway ? undefined : reached.resourceVersion;
  };

  /** A server that ends watches at once, or calls each list too old, must not be asked in a tight loop. */
  const waitForNext = async (hasWorked: boolean, failure: ApiFailure | undefined): Promise<void> => {
    isListTrusted ||= hasWorked;
    if (hasWorked) backoff.reset();
    if (failure === undefined || failure.kind === "expired") {
      if (!hasWorked) await pause();
    } else await pause(failure);
  };

  /** Watches from one list until a new list is due. */
  const follow = async (from: string): Promise<void> => {
    const relistAtMs = performance.now() + options.resyncMs * (0.8 + random() * 0.4);
    isListTrusted = false;
    let resourceVersion: string | undefined = from;
    while (resourceVersion !== undefined && !isStopped()) {
      const leftMs = relistAtMs - performance.now();
      if (leftMs <= 0) return;
      resourceVersion = await watchFrom(resourceVersion, leftMs / 1_000);
    }
  };

  const listAndFollow = async (): Promise<void> => {
    const readWithKey = (object: O): readonly [string | undefined, T] => [readObjectKey(object), read(object)];
    const outcome = await listAll(access, { ...selected, signal, read: readWithKey });
    if (isStopped()) return;
    if (!outcome.ok) return pause(outcome.failure);
    const listed = new Map<string, T>();
    for (const [key, item] of outcome.items) if (key !== undefined) listed.set(key, item);
    if (replaceAll(listed)) {
      if (isListTrusted) backoff.reset();
      return follow(outcome.resourceVersion);
    }
    const message = `the list came back empty; ${items.size} known objects stay until it does so again`;
    return pause({ kind: "refused", message });
  };

  const run = async (): Promise<void> => {
    while (!isStopped()) await listAndFollow();
  };

  return {
    items,
    isSynced: () => synced,
    start: () => {
      running ??= run();
    },
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}
