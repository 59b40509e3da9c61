/** What stands in a Lease, and who may take it. Pure. */
import { toMicroTime } from "./micro-time.ts";
import type { RawLease } from "./object.ts";

/** A lease as it was seen, and since when (on a clock of ours that never jumps, ms) it looks like that. */
export interface SeenLease {
  readonly lease: RawLease;
  readonly sinceMs: number;
}

/** True where the lease is free, ours, or was seen unchanged for longer than it holds. */
export function mayTake(seen: SeenLease | undefined, identity: string, elapsedMs: number): boolean {
  const { holderIdentity = "", leaseDurationSeconds = 0 } = seen?.lease.spec ?? {};
  if (seen === undefined || holderIdentity === "" || holderIdentity === identity) return true;
  return elapsedMs - seen.sinceMs >= leaseDurationSeconds * 1_000;
}

/** Who holds from when, for how long. `nowMs` is Unix epoch ms. */
export interface Holding {
  readonly identity: string;
  readonly nowMs: number;
  readonly leaseMs: number;
}

/** The spec of a lease that we take or renew. */
export function describeHolding(known: RawLease | undefined, holding: Holding): NonNullable<RawLease["spec"]> {
  const now = toMicroTime(holding.nowMs);
  return {
    holderIdentity: holding.identity,
    leaseDurationSeconds: Math.max(1, Math.ceil(holding.leaseMs / 1_000)),
    renewTime: now,
    ...continueFrom(known?.spec, holding.identity, now),
  };
}

function continueFrom(spec: RawLease["spec"], identity: string, now: string): NonNullable<RawLease["spec"]> {
  if (spec === undefined) return { acquireTime: now, leaseTransitions: 0 };
  const { acquireTime = now, leaseTransitions = 0 } = spec;
  if (spec.holderIdentity === identity) return { acquireTime, leaseTransitions };
  return { acquireTime: now, leaseTransitions: leaseTransitions + 1 };
}

/** The spec of a lease that is given back. */
export function describeRelease(nowMs: number): NonNullable<RawLease["spec"]> {
  return { holderIdentity: "", leaseDurationSeconds: 1, renewTime: toMicroTime(nowMs) };
}
