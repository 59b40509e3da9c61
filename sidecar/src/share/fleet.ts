/**
 * Limits that count over all replicas: an admitted call is counted in the shared store, and where there is none, or it is away, against
 * the pod's own share. Stage between decision and forwarding. What the pod admits by itself stays its upper bound: this only narrows.
 */
import {
  bucketsOf,
  release,
  takeToken,
  waitForToken,
  type BucketRate,
  type LimitState,
  type RateBucket,
} from "@outrigger/policy";
import type { Decision } from "../call/decide.ts";
import type { CallDeps, Decided, Fleet } from "../call/exchange.ts";
import type { RunningCall } from "../call/running-call.ts";
import { refuseLimit } from "../call/refuse-limit.ts";
import type { ShareSource } from "./share-source.ts";
import type { SharedStore } from "./shared-store.ts";

/** Where it is counted. */
export interface FleetParts {
  readonly store: SharedStore | undefined;
  readonly shares: ShareSource | undefined;
}

type Allowed = Decided["allowed"][number];
type Refused = Decided["refused"][number];

/** Creates the step. `maxKeys`: buckets of shares that are told apart; further ones share one. */
export function createFleet({ store, shares }: FleetParts, maxKeys = 10_000): Fleet {
  const state: Pick<LimitState, "nextFreeMs"> = { nextFreeMs: new Map() };
  const takeShare = ({ key, name }: RateBucket, nowMs: number): number => {
    const share = shares?.share(name);
    if (share === undefined) return 0;
    const own = state.nextFreeMs.size >= maxKeys && !state.nextFreeMs.has(key) ? name : key;
    const rate: BucketRate = { ...share.rate, burst: share.burst };
    const waitMs = Math.ceil(waitForToken(rate, state.nextFreeMs.get(own), nowMs));
    if (waitMs === 0) state.nextFreeMs.set(own, takeToken(rate, state.nextFreeMs.get(own), nowMs));
    return waitMs;
  };
  const takeBucket = async (bucket: RateBucket, nowMs: number): Promise<number> => {
    const counted = await store?.take(bucket.key, bucket.rate);
    return counted === undefined || counted === "away" ? takeShare(bucket, nowMs) : counted.waitMs;
  };
  const judge = async (deps: CallDeps, decided: Decided, allowed: Allowed): Promise<Allowed | Refused> => {
    // Only what was admitted has a ticket: notifications and answers pass uncounted.
    if (allowed.decision.ticket === undefined) return allowed;
    for (const bucket of bucketsOf(decided.policy.compiled, factsOf(decided, allowed))) {
      const waitMs = await takeBucket(bucket, deps.now());
      if (waitMs > 0) return refuse(deps, decided, { allowed, limit: bucket.name, waitMs });
    }
    return allowed;
  };
  return {
    count: (deps, decided, next) => {
      if (decided.allowed.length === 0 || decided.policy.compiled.limits.length === 0) return next(decided);
      const running: { call: RunningCall | undefined; isGone: boolean } = { call: undefined, isGone: false };
      void Promise.all(decided.allowed.map((allowed) => judge(deps, decided, allowed))).then((judged) => {
        const allowed = judged.filter(isAllowed);
        const refused = judged.filter(isRefused);
        running.call = next({ ...decided, allowed, refused: [...decided.refused, ...refused] });
        if (running.isGone) running.call.onGone();
      });
      return {
        onDrain: () => running.call?.onDrain(),
        onGone: () => {
          running.isGone = true;
          running.call?.onGone();
        },
      };
    },
  };
}

function isAllowed(judged: Allowed | Refused): judged is Allowed {
  return judged.decision.action === "forward";
}

function isRefused(judged: Allowed | Refused): judged is Refused {
  return judged.decision.action === "refuse";
}

function factsOf({ received }: Decided, { item, decision }: Allowed) {
  const method = item.message.method ?? "";
  const facts = { method, caller: received.caller };
  if (decision.name === undefined) return facts;
  return { ...facts, subject: { kind: method === "tools/call" ? "tool" : "prompt", name: decision.name } } as const;
}

function refuse(
  deps: CallDeps,
  decided: Decided,
  { allowed, limit, waitMs }: { readonly allowed: Allowed; readonly limit: string; readonly waitMs: number },
): Refused {
  const { item, decision } = allowed;
  const { idBytes, method } = item.message;
  if (decision.ticket !== undefined) release(deps.limits, decision.ticket);
  const named = decision.name === undefined ? {} : { name: decision.name };
  const call = {
    era: decided.era,
    server: deps.server,
    ...(idBytes === undefined ? {} : { idBytes }),
    ...(method === undefined ? {} : { method }),
    ...named,
  };
  const refusal = refuseLimit(call, { reason: "RateLimited", limit, retryAfterMs: waitMs });
  const refused: Extract<Decision, { action: "refuse" }> = {
    action: "refuse",
    reason: "RateLimited",
    refusal,
    ...named,
  };
  return { item, decision: refused };
}
