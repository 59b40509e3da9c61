/**
 * Namespaces that can be asked for by name alone: Roles give the right to get their own namespace, never to list or watch any.
 * Asks again and again; one that can't be had is not known, and keeps nobody from knowing the others.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { resources, type Objects, type RawObject } from "@outrigger/kube";

/** Whom to ask. `everyMs`: pause between two rounds. */
export interface NamedNamespacesOptions<T> {
  readonly objects: Pick<Objects, "get">;
  readonly everyMs: number;
  readonly read: (namespace: RawObject) => T;
  /** Called after each round. */
  readonly onRound: () => void;
}

/** Idle until it is started. */
export interface NamedNamespaces<T> {
  /** From now on these are asked for, those that are new at once. */
  readonly keep: (names: readonly string[]) => void;
  readonly start: () => void;
  /** What was answered last; undefined for one that is not kept, does not exist or may not be read. */
  readonly get: (name: string) => T | undefined;
  /** True once each kept name was asked for, whatever the answer was. */
  readonly isSynced: () => boolean;
  readonly stop: () => Promise<void>;
}

/** Creates it. */
export function createNamedNamespaces<T>(options: NamedNamespacesOptions<T>): NamedNamespaces<T> {
  const { objects, everyMs, read, onRound } = options;
  const ending = new AbortController();
  const { signal } = ending;
  const known = new Map<string, T>();
  const asked = new Set<string>();
  let names: readonly string[] = [];
  let wake = new AbortController();
  let running: Promise<void> | undefined;
  const isStopped = (): boolean => signal.aborted;

  const ask = async (name: string): Promise<void> => {
    const got = await objects.get({ resource: resources.namespaces, name });
    if (!names.includes(name)) return;
    // No answer leaves what is known; "not there" and "not for you" are answers.
    if (got.ok) known.set(name, read(got.object));
    else if (got.failure.kind === "notFound" || got.failure.kind === "forbidden") known.delete(name);
    else return;
    asked.add(name);
  };
  const run = async (): Promise<void> => {
    while (!isStopped()) {
      wake = new AbortController();
      await Promise.all(names.map(ask));
      if (!isStopped()) onRound();
      // Rejects when the wait is cut short; the loop looks at what happened itself.
      await sleep(everyMs, undefined, { signal: AbortSignal.any([signal, wake.signal]) }).catch(() => undefined);
    }
  };
  return {
    keep: (wanted) => {
      const hasNew = wanted.some((name) => !names.includes(name));
      names = wanted;
      for (const set of [known, asked]) for (const name of set.keys()) if (!names.includes(name)) set.delete(name);
      if (hasNew) wake.abort();
    },
    start: () => {
      running ??= run();
    },
    get: (name) => known.get(name),
    isSynced: () => running !== undefined && names.every((name) => asked.has(name)),
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}
