/**
 * Which servers there are for this aggregator: those of the groups that it serves, without those that are left out by name or label. Decides
 * before anything is dialled or indexed, so that what is left out takes no place in any result. Pure.
 */
import { serverKey } from "../catalog/entry.ts";
import type { DiscoveredSet, DiscoverySource } from "./source.ts";

/** What is served. No groups: all; `labels`: with any value where `value` is absent. */
export interface ServedServers {
  readonly groups: readonly string[];
  readonly excludeServers: readonly string[];
  readonly excludeLabels: readonly { readonly key: string; readonly value?: string }[];
}

/** What is left of a set, and the servers that were left out, as `NAMESPACE/NAME`, in order, each with why. */
export interface SelectedSet {
  readonly set: DiscoveredSet;
  readonly left: ReadonlyMap<string, string>;
}

interface Candidate {
  readonly namespace: string;
  readonly server: string;
  readonly group?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Takes what is served. */
export function selectServed(set: DiscoveredSet, served: ServedServers): SelectedSet {
  const left = new Map<string, string>();
  const isServed = (candidate: Candidate): boolean => {
    const why = findReason(candidate, served);
    if (why !== undefined) left.set(serverKey(candidate.namespace, candidate.server), why);
    return why === undefined;
  };
  const { asleep } = set;
  return {
    set: {
      ...set,
      sidecars: set.sidecars.filter(isServed),
      problems: set.problems.filter(isServed),
      ...(asleep === undefined ? {} : { asleep: asleep.filter(isServed) }),
    },
    left: new Map([...left].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** A source of which only what is served is told. `onLeft`: told of what is left out whenever that is something else. */
export function serveFrom(
  source: DiscoverySource,
  served: ServedServers,
  onLeft: (left: SelectedSet["left"]) => void,
): DiscoverySource {
  let told = "[]";
  return {
    ...source,
    start: (onSet) =>
      source.start((found) => {
        const { set, left } = selectServed(found, served);
        const now = JSON.stringify([...left]);
        if (now !== told) onLeft(left);
        told = now;
        onSet(set);
      }),
  };
}

function findReason(
  candidate: Candidate,
  { groups, excludeServers, excludeLabels }: ServedServers,
): string | undefined {
  const { namespace, server, group, labels = {} } = candidate;
  const name = [server, serverKey(namespace, server)].find((each) => excludeServers.includes(each));
  if (name !== undefined) return `left out by its name ${name}`;
  const label = excludeLabels.find(
    ({ key, value }) => Object.hasOwn(labels, key) && (value ?? labels[key]) === labels[key],
  );
  if (label !== undefined) return `left out by its label ${label.key}=${labels[label.key] ?? ""}`;
  if (groups.length === 0 || group === undefined || groups.includes(group)) return undefined;
  return `of group ${group}, which is not served`;
}
