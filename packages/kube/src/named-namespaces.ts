/**
 * Namespaces that can be asked for by name alone: a Role gives the right to get its own namespace, never to list or watch any. Asks
 * again and again. No answer leaves what is known; what "not for you" means is its user's to say.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiFailure } from "./failure.ts";
import type { RawObject } from "./object.ts";
import type { Objects } from "./objects.ts";
import { resources } from "./resource.ts";
import type { ObjectWatch } from "./watch-objects.ts";

/** Whom to ask for what, and who hears of it. */
export interface NamedNamespacesOptions<T> {
  readonly objects: Pick<Objects, "get">;
  /** Pause between two rounds, ms. */
  readonly everyMs: number;
  /** What is kept of a namespace. It must not throw on any JSON. */
  readonly read: (namespace: RawObject) => T;
  /** `absent`: one that may not be read is as good as none. `unanswered`: it stays as it was, like one that nobody answers for. */
  readonly forbidden: "absent" | "unanswered";
  /** Called after a round that changed something, and after the first in which all were answered for. */
  readonly onChange: () => void;
  /** Called for each name that was not answered for. */
  readonly onFailure?: (failure: ApiFailure) => void;
}

/** Idle until it is started. Its list is in the order of the kept names; it is synced once each of them was answered for. */
export interface NamedNamespaces<T> extends ObjectWatch<T> {
  /** From now on these are asked for, those that are new at once. */
  readonly keep: (names: readonly string[]) => void;
  readonly start: () => void;
  /** What was answered last; undefined for one that is not kept or not there. */
  readonly get: (name: string) => T | undefined;
}

interface Known<T> {
  readonly version: string | undefined;
  readonly item: T;
}

/** Creates it. */
export function createNamedNamespaces<T>(options: NamedNamespacesOptions<T>): NamedNamespaces<T> {
  const { objects, everyMs, read, onChange, onFailure } = options;
  const ending = new AbortController();
  const { signal } = ending;
  const known = new Map<string, Known<T>>();
  const answered = new Set<string>();
  let names: readonly string[] = [];
  let wake = new AbortController();
  let running: Promise<void> | undefined;
  const isStopped = (): boolean => signal.aborted;
  const isSynced = (): boolean => running !== undefined && names.every((name) => answered.has(name));
  const isAbsent = ({ kind }: ApiFailure): boolean =>
    kind === "notFound" || (kind === "forbidden" && options.forbidden === "absent");

  /** True where the answer is another one than before. */
  const ask = async (name: string): Promise<boolean> => {
    const got = await objects.get({ resource: resources.namespaces, name });
    if (isStopped() || !names.includes(name)) return false;
    if (!got.ok && !isAbsent(got.failure)) {
      onFailure?.(got.failure);
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
    let wasSynced = false;
    while (!isStopped()) {
      wake = new AbortController();
      const news = await Promise.all(names.map(ask));
      if (!isStopped() && (news.includes(true) || (isSynced() && !wasSynced))) onChange();
      wasSynced = isSynced();
      // Rejects when the wait is cut short; the loop looks at what happened itself.
      await sleep(everyMs, undefined, { signal: AbortSignal.any([signal, wake.signal]) }).catch(() => undefined);
    }
  };
  return {
    keep: (wanted) => {
      const hasNew = wanted.some((name) => !names.includes(name));
      names = [...new Set(wanted)];
      for (const set of [known, answered]) for (const name of set.keys()) if (!names.includes(name)) set.delete(name);
      if (hasNew) wake.abort();
    },
    start: () => {
      running ??= run();
    },
    get: (name) => known.get(name)?.item,
    list: () => names.flatMap((name) => known.get(name)?.item ?? []),
    isSynced,
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}
