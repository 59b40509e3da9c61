/** Refuses requests of an address that sends too many, before anything of them is read. Bounded in addresses. */
import type { Rate } from "@outrigger/api/values";
import { takeToken, waitForToken, type BucketRate } from "@outrigger/policy";

/** The floods of one door. */
export interface FloodGate {
  /** Counts a request of an address; ms to wait where it is one too many, 0 where not. */
  readonly arrive: (address: string) => number;
}

/** Addresses that are told apart; further ones share one count. */
const maxAddresses = 10_000;

/** Creates the gate. `now`: a steady clock in ms. At most one period's requests come at once. */
export function createFloodGate(rate: Rate, now: () => number): FloodGate {
  const bucket: BucketRate = { ...rate, burst: rate.count };
  const nextFreeMs = new Map<string, number>();
  return {
    arrive: (address) => {
      const nowMs = now();
      if (nextFreeMs.size >= maxAddresses) {
        for (const [each, freeMs] of nextFreeMs) if (freeMs <= nowMs) nextFreeMs.delete(each);
      }
      const key = nextFreeMs.size >= maxAddresses && !nextFreeMs.has(address) ? "" : address;
      const waitMs = Math.ceil(waitForToken(bucket, nextFreeMs.get(key), nowMs));
      if (waitMs === 0) nextFreeMs.set(key, takeToken(bucket, nextFreeMs.get(key), nowMs));
      return waitMs;
    },
  };
}
