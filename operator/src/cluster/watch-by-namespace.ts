/** One watch for each namespace of a set that changes. */
import type { ObjectWatch } from "@outrigger/kube";

/** Watches that come and go. */
export interface NamespaceWatches<T> {
  /** From now on exactly these namespaces are watched. */
  readonly keep: (namespaces: readonly string[]) => void;
  readonly list: () => readonly T[];
  readonly stop: () => Promise<void>;
}

/** Starts with none; `open` starts the watch of one namespace. */
export function watchByNamespace<T>(open: (namespace: string) => ObjectWatch<T | undefined>): NamespaceWatches<T> {
  const watches = new Map<string, ObjectWatch<T | undefined>>();
  const ending = new Set<Promise<void>>();
  const end = (namespace: string, watch: ObjectWatch<unknown>): void => {
    watches.delete(namespace);
    const ended = watch.stop().finally(() => ending.delete(ended));
    ending.add(ended);
  };
  return {
    keep: (namespaces) => {
      for (const [namespace, watch] of watches) if (!namespaces.includes(namespace)) end(namespace, watch);
      for (const namespace of namespaces) if (!watches.has(namespace)) watches.set(namespace, open(namespace));
    },
    list: () => [...watches.values()].flatMap((watch) => watch.list()).filter((item) => item !== undefined),
    stop: async () => {
      for (const [namespace, watch] of watches) end(namespace, watch);
      await Promise.all(ending);
    },
  };
}
