/**
 * Leader election by a Lease: at most one holder acts. Who can't renew in time stops acting before anybody else may start
 * (self-fence). Times of others are never compared with our clock: what counts is how long a lease was seen unchanged.
 * Source: client-go tools/leaderelection.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiFailure } from "./failure.ts";
import { describeHolding, describeRelease, mayTake, type SeenLease } from "./lease-record.ts";
import type { RawLease } from "./object.ts";
import type { ObjectOutcome, Objects } from "./objects.ts";
import { resources } from "./resource.ts";

/** `leaseMs`: how long a lease holds unrenewed; `renewMs`: after how long without success a leader stops; `retryMs`: pause. */
export interface LeaseTimes {
  readonly leaseMs: number;
  readonly renewMs: number;
  readonly retryMs: number;
}

/** 15 s, 10 s and 2 s. */
export const defaultLeaseTimes: LeaseTimes = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000 };

/** Who takes part in which election. */
export interface LeaseOptions {
  /** Made with one attempt per request: the election has a rhythm of its own. */
  readonly objects: Objects;
  readonly namespace: string;
  readonly name: string;
  /** Of this process alone, for example its pod's name and a random part. */
  readonly identity: string;
  readonly times?: LeaseTimes;
  /** Wall clock, Unix epoch ms: it is written into the Lease. */
  readonly nowMs: () => number;
  /** A clock that never jumps, ms. */
  readonly elapsedMs: () => number;
  readonly random: () => number;
  readonly onElected: () => void;
  /** Act no more: the lease was lost, could not be renewed in time, or the election stops. */
  readonly onDeposed: () => void;
  readonly onFailure: (failure: ApiFailure) => void;
}

/** One participant. */
export interface Election {
  /** True while nobody else may act. Ask before each write, not only once. */
  readonly isLeader: () => boolean;
  /** Who holds the lease as far as known. */
  readonly holder: () => string | undefined;
  readonly start: () => void;
  /** Stops acting, then gives the lease back. */
  readonly stop: () => Promise<void>;
}

/** Creates a participant, stopped. */
export function createElection(options: LeaseOptions): Election {
  const { objects, namespace, name, identity, nowMs, elapsedMs, random } = options;
  const times = options.times ?? defaultLeaseTimes;
  const place = { resource: resources.leases, namespace, name };
  const ending = new AbortController();
  const isStopping = (): boolean => ending.signal.aborted;
  let seen: SeenLease | undefined;
  let leadsUntilMs: number | undefined;
  let fence: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;

  const depose = (): void => {
    clearTimeout(fence);
    if (leadsUntilMs === undefined) return;
    leadsUntilMs = undefined;
    options.onDeposed();
  };

  /** A lease counts from before the request that took it: the answer may have been long on its way. */
  const lead = (askedMs: number): void => {
    if (isStopping()) return;
    const isNew = leadsUntilMs === undefined;
    leadsUntilMs = askedMs + times.renewMs;
    clearTimeout(fence);
    fence = setTimeout(depose, Math.max(0, leadsUntilMs - elapsedMs()));
    fence.unref();
    if (isNew) options.onElected();
  };

  const note = (lease: RawLease): void => {
    const isSame = seen?.lease.metadata?.resourceVersion === lease.metadata?.resourceVersion;
    if (seen === undefined || !isSame) seen = { lease, sinceMs: elapsedMs() };
  };

  const write = (known: RawLease | undefined): Promise<ObjectOutcome<RawLease>> => {
    const spec = describeHolding(known, { identity, nowMs: nowMs(), leaseMs: times.leaseMs });
    if (known === undefined)
      return objects.create({ resource: place.resource, namespace }, { metadata: { name }, spec });
    return objects.mergePatch(place, { metadata: { resourceVersion: known.metadata?.resourceVersion }, spec });
  };

  const take = async (askedMs: number): Promise<void> => {
    const written = await write(seen?.lease);
    if (written.ok) {
      note(written.object);
      lead(askedMs);
      return;
    }
    const { kind } = written.failure;
    // Somebody was faster, or it was our own earlier write whose answer was lost: the next look decides.
    if (kind !== "conflict" && kind !== "alreadyExists") options.onFailure(written.failure);
  };

  const tryOnce = async (): Promise<void> => {
    const askedMs = elapsedMs();
    const read = await objects.get(place);
    if (read.ok) note(read.object);
    else if (read.failure.kind === "notFound") seen = undefined;
    else {
      options.onFailure(read.failure);
      return;
    }
    if (!mayTake(seen, identity, elapsedMs())) depose();
    else if (!isStopping()) await take(askedMs);
  };

  const run = async (): Promise<void> => {
    while (!isStopping()) {
      await tryOnce();
      const pauseMs = times.retryMs * (1 + random() * 0.2);
      await sleep(pauseMs, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };

  const release = async (): Promise<void> => {
    if (seen?.lease.spec?.holderIdentity !== identity) return;
    const metadata = { resourceVersion: seen.lease.metadata?.resourceVersion };
    const released = await objects.mergePatch(place, { metadata, spec: describeRelease(nowMs()) });
    if (!released.ok && released.failure.kind !== "conflict") options.onFailure(released.failure);
  };

  return {
    isLeader: () => leadsUntilMs !== undefined && elapsedMs() < leadsUntilMs,
    holder: () => seen?.lease.spec?.holderIdentity,
    start: () => {
      running ??= run();
    },
    stop: async () => {
      ending.abort();
      depose();
      await running;
      await release();
    },
  };
}
