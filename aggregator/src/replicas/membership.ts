/** Who the replicas are, as one of them knows it: itself alone, or a list that was given to it. The one by a watch is in slices.ts. */
import type { Members } from "./place.ts";

/** A way to know the replicas. */
export interface Membership {
  readonly members: () => Members;
  readonly stop: () => Promise<void>;
}

/** The replica itself and those of a list, all by their addresses. */
export function createFixedMembership(self: string, peers: readonly string[]): Membership {
  const all = [...new Set([self, ...peers])];
  return { members: () => ({ ready: all, listed: all }), stop: () => Promise.resolve() };
}
