/**
 * The namespaces that an installation is limited to. A Role in a namespace can't give the right to list or watch namespaces, but
 * the one to get that namespace: so each is asked for by its name, again and again. What can't be asked for stays as it was.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { resources, type ApiFailure, type Objects, type ObjectWatch, type RawObject } from "@outrigger/kube";

/** Whom to ask for what, and who hears of it. */
export interface AskedNamespaces<T> {
  readonly objects: Pick<Objects, "get">;
  readonly names: readonly string[];
  /** Pause between two rounds, ms. */
  readonly everyMs: number;
  /** What is kept of a namespace. It must not throw on any JSON. */
  readonly read: (namespace: RawObject) => T;
  /** Called after a round that changed something, and after the first whole one. */
  readonly onChange: () => void;
  readonly onFailure: (failure: ApiFailure) => void;
}

/** Starts asking at once. Its list is in the order of `names`; it is synced once each of them was answered for. */
export function askNamespaces<T>(options: AskedNamespaces<T>): ObjectWatch<T> {
  const { objects, names, everyMs, read, onChange, onFailure } = options;
  const known = new Map<string, { readonly version: string | undefined; readonly item: T }>();
  const answered = new Set<string>();
  const ending = new AbortController();
  const { signal } = ending;
  const isSynced = (): boolean => answered.size === names.length;
  const isStopped = (): boolean => signal.aborted;

  /** True where the answer is another one than before. */
  const ask = async (name: string): Promise<boolean> => {
    const got = await objects.get({ resource: resources.namespaces, name });
    if (isStopped()) return false;
    if (!got.ok && got.failure.kind !== "notFound") {
      onFailure(got.failure);
      return false;
    }
    answered.add(name);
    if (!got.ok) return known.delete(name);
    const version = got.object.metadata?.resourceVersion;
    const isNews = known.get(name)?.version !== version || version === undefined;
    known.set(name, { version, item: read(got.object) });
    return isNews;
  };
  const run = async (): Promise<void> => {
    while (!isStopped()) {
      const wasSynced = isSynced();
      const news = await Promise.all(names.map(ask));
      if (!isStopped() && (news.includes(true) || (isSynced() && !wasSynced))) onChange();
      // Rejects when the asking ends; the loop looks at the signal itself.
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    list: () => names.flatMap((name) => known.get(name)?.item ?? []),
    isSynced,
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}
