/**
 * All sources together: one set from the latest set of each. A source that fails keeps what it had and takes nothing from
 * the others. Of two sources that name one key the first is heard.
 */
import type { AsleepServer } from "@outrigger/api/asleep";
import type { DiscoveredSet, DiscoveredSidecar, DiscoverySource, GoneSidecar } from "./source.ts";

/** What all sources know: `faults` holds one sentence per source that can't be read now. */
export interface Discovered {
  readonly sidecars: readonly DiscoveredSidecar[];
  readonly problems: DiscoveredSet["problems"];
  readonly asleep: readonly AsleepServer[];
  readonly faults: readonly string[];
}

/** A running discovery. */
export interface Discovery {
  readonly start: () => Promise<void>;
  /** True once every source was read. */
  readonly isSynced: () => boolean;
  /** True once any was. */
  readonly isHeard: () => boolean;
  readonly current: () => Discovered;
  readonly stop: () => Promise<void>;
}

/** Creates the discovery; `onChange` is called with everything at every change of any source, `onGone` for each sidecar that is left. */
export function createDiscovery(
  sources: readonly DiscoverySource[],
  onChange: (discovered: Discovered) => void,
  onGone: (gone: GoneSidecar) => void = () => undefined,
): Discovery {
  const sets = new Map<DiscoverySource, DiscoveredSet>();
  const current = (): Discovered => {
    const all = sources.flatMap((source) => sets.get(source) ?? []);
    const sidecars = firstOfEachKey(all.flatMap((set) => set.sidecars));
    const dialled = new Set(sidecars.map(({ key }) => key));
    return {
      sidecars,
      // While its label changes, a pod may be in two watches for a moment.
      problems: firstOfEachKey(all.flatMap((set) => set.problems)).filter(({ key }) => !dialled.has(key)),
      asleep: all.flatMap((set) => set.asleep ?? []),
      faults: all.flatMap((set) => (set.fault === undefined ? [] : [set.fault])),
    };
  };
  return {
    start: async () => {
      await Promise.all(
        sources.map((source) =>
          source.start((set) => {
            const before = sets.get(source);
            sets.set(source, set);
            const now = current();
            if (before !== undefined) listGone(before, now, source).forEach(onGone);
            onChange(now);
          }),
        ),
      );
    },
    isSynced: () => sources.every((source) => source.isSynced()),
    isHeard: () => sources.some((source) => source.isSynced()),
    current,
    stop: async () => {
      await Promise.all(sources.map((source) => source.stop()));
    },
  };
}

/** The sidecars of a source's last set that nobody names any more. */
function listGone(before: DiscoveredSet, now: Discovered, source: DiscoverySource): readonly GoneSidecar[] {
  const named = new Set(now.sidecars.map(({ key }) => key));
  return before.sidecars
    .filter(({ key }) => !named.has(key))
    .map((sidecar) => {
      const problem = now.problems.find(({ key }) => key === sidecar.key)?.reason;
      return { sidecar, reason: problem ?? source.whyGone?.(sidecar.key) ?? "EntryRemoved" };
    });
}

function firstOfEachKey<T extends { readonly key: string }>(items: readonly T[]): readonly T[] {
  const byKey = new Map<string, T>();
  for (const item of items) if (!byKey.has(item.key)) byKey.set(item.key, item);
  return [...byKey.values()];
}
