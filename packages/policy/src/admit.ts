/**
 * Admits a call: judgement first, then every limit that applies, all or none. The state of limits is passed in and changed here.
 * Nothing is counted for a call that is denied or limited.
 */
import type { Reason } from "@outrigger/api/reasons";
import { takeToken, waitForToken, type BucketRate } from "./bucket.ts";
import type { CompiledLimit, CompiledPolicy } from "./compiled.ts";
import { matchesAny } from "./glob.ts";
import { judge, judgeTraffic, type Verdict } from "./judge.ts";
import { remember } from "./memo.ts";
import type { Subject, View } from "./rules.ts";

/** Buckets by key (next free time in ms) and calls under way by key. Belongs to one process; lost with it. */
export interface LimitState {
  readonly nextFreeMs: Map<string, number>;
  readonly underWay: Map<string, number>;
  /** Keys kept per map. Beyond it callers that are new share one bucket: a flood of names never frees a used one. */
  readonly maxKeys: number;
}

/** An empty state. */
export function createLimitState(maxKeys = 10_000): LimitState {
  return { nextFreeMs: new Map(), underWay: new Map(), maxKeys };
}

/** What is known of a call when it is decided. `caller` is an opaque stable id. */
export interface CallFacts {
  readonly method: string;
  readonly subject?: Subject;
  /** What is known besides, where the policy has rules. */
  readonly view?: View;
  readonly caller: string;
}

/** Proof of admission; give it back by {@link release} when the call has ended. */
export interface Ticket {
  readonly held: readonly string[];
}

/** Where a call may wait for another to end: `key` of the bucket, its limit's name, how many may wait and how long. */
export interface QueuePlace {
  readonly key: string;
  readonly limit: string;
  readonly length: number;
  readonly timeoutMs: number;
}

/** The decision about a call. `retryAfterMs` is absent where only the end of another call helps. */
export type Admission =
  | { readonly action: "allow"; readonly ticket: Ticket }
  | Extract<Verdict, { action: "deny" }>
  | {
      readonly action: "limit";
      readonly reason: Extract<Reason, "RateLimited" | "ConcurrencyLimited">;
      readonly limit: string;
      readonly retryAfterMs?: number;
      readonly queue?: QueuePlace;
    };

const noTicket: Ticket = { held: [] };

/** Decides one call at a time given in ms. Changes `state` only where the answer is allow. */
export function admit(policy: CompiledPolicy, state: LimitState, call: Timed): Admission {
  const verdict = call.subject === undefined ? judgeTraffic(policy) : judge(policy, call.subject, call.view);
  return verdict.action === "deny" ? verdict : admitJudged(policy, state, call);
}

/** The second half of {@link admit}: the limits of a call that was judged allowed by this policy a moment ago. */
export function admitJudged(
  policy: CompiledPolicy,
  state: LimitState,
  call: Timed,
): Exclude<Admission, { action: "deny" }> {
  if (policy.limits.length === 0) return admitted;
  const limits =
    call.subject?.kind === "tool" && call.method === "tools/call"
      ? limitsOfToolCall(policy, call.subject.name)
      : policy.limits.filter((limit) => appliesTo(limit, call));
  if (limits.length === 0) return admitted;
  return findExhausted(limits, state, call) ?? { action: "allow", ticket: take(limits, state, call) };
}

const admitted = { action: "allow", ticket: noTicket } as const;

const limitsOfToolCall = remember((policy: CompiledPolicy, name) =>
  policy.limits.filter((limit) => appliesTo(limit, { method: "tools/call", subject: { kind: "tool", name } })),
);

/** A rate that a call counts against. `key`: of its bucket, for its caller and tool; `name`: of its limit. */
export interface RateBucket {
  readonly key: string;
  readonly name: string;
  readonly rate: BucketRate;
}

/** The rates that a call counts against, for whoever counts elsewhere. Judges nothing and counts nothing. */
export function bucketsOf(policy: CompiledPolicy, call: CallFacts): readonly RateBucket[] {
  return policy.limits.flatMap((limit) => {
    if (limit.rate === undefined || !appliesTo(limit, call)) return [];
    return [{ key: keyOf(limit, noKeys, { call, maxKeys: 1 }), name: limit.name, rate: limit.rate }];
  });
}

const noKeys: ReadonlyMap<string, number> = new Map();

/** Ends a call: frees what its ticket holds. Call it exactly once per admitted call. */
export function release(state: LimitState, ticket: Ticket): void {
  for (const key of ticket.held) {
    const left = (state.underWay.get(key) ?? 0) - 1;
    if (left > 0) state.underWay.set(key, left);
    else state.underWay.delete(key);
  }
}

function appliesTo(limit: CompiledLimit, call: Pick<CallFacts, "method" | "subject">): boolean {
  if (!matchesAny(limit.methods, call.method)) return false;
  return call.subject?.kind !== "tool" || matchesAny(limit.tools, call.subject.name);
}

type Timed = CallFacts & { readonly nowMs: number };

type Limited = Extract<Admission, { action: "limit" }>;

function findExhausted(limits: readonly CompiledLimit[], state: LimitState, call: Timed): Limited | undefined {
  let longest: { name: string; waitMs: number } | undefined;
  let crowded: Limited | undefined;
  for (const limit of limits) {
    const full = findFull(limit, state, call);
    // Who may not wait for one limit need not wait for another.
    if (full !== undefined && full.queue === undefined) return full;
    crowded ??= full;
    if (limit.rate === undefined) continue;
    const key = keyOf(limit, state.nextFreeMs, { call, maxKeys: state.maxKeys });
    const waitMs = Math.ceil(waitForToken(limit.rate, state.nextFreeMs.get(key), call.nowMs));
    if (waitMs > (longest?.waitMs ?? 0)) longest = { name: limit.name, waitMs };
  }
  if (longest === undefined) return crowded;
  return { action: "limit", reason: "RateLimited", limit: longest.name, retryAfterMs: longest.waitMs };
}

function findFull(limit: CompiledLimit, state: LimitState, call: CallFacts): Limited | undefined {
  if (limit.maxConcurrency === undefined) return undefined;
  const key = keyOf(limit, state.underWay, { call, maxKeys: state.maxKeys });
  if ((state.underWay.get(key) ?? 0) < limit.maxConcurrency) return undefined;
  const refused = { action: "limit", reason: "ConcurrencyLimited", limit: limit.name } as const;
  return limit.queue === undefined ? refused : { ...refused, queue: { key, limit: limit.name, ...limit.queue } };
}

function take(limits: readonly CompiledLimit[], state: LimitState, call: Timed): Ticket {
  const held: string[] = [];
  for (const limit of limits) {
    if (limit.rate !== undefined) {
      if (state.nextFreeMs.size >= state.maxKeys) dropFull(state.nextFreeMs, call.nowMs);
      const key = keyOf(limit, state.nextFreeMs, { call, maxKeys: state.maxKeys });
      state.nextFreeMs.set(key, takeToken(limit.rate, state.nextFreeMs.get(key), call.nowMs));
    }
    if (limit.maxConcurrency !== undefined) {
      const key = keyOf(limit, state.underWay, { call, maxKeys: state.maxKeys });
      state.underWay.set(key, (state.underWay.get(key) ?? 0) + 1);
      held.push(key);
    }
  }
  return held.length === 0 ? noTicket : { held };
}

/** Buckets whose time has passed are full again and say nothing more than a missing one. */
function dropFull(buckets: Map<string, number>, nowMs: number): void {
  for (const [key, nextFreeMs] of buckets) if (nextFreeMs <= nowMs) buckets.delete(key);
}

function keyOf(
  limit: CompiledLimit,
  map: ReadonlyMap<string, number>,
  to: { call: CallFacts; maxKeys: number },
): string {
  if (!limit.perCaller && !limit.perTool) return limit.key;
  const key = spellKey(limit, to.call);
  return map.size >= to.maxKeys && !map.has(key) ? `${limit.key}\u0000overflow` : key;
}

function spellKey(limit: CompiledLimit, { caller, subject }: CallFacts): string {
  const tool = subject?.name ?? "";
  // What callers and tools make together has no bound, so it is not remembered.
  if (limit.perCaller && limit.perTool) return `${limit.key}\u0000${caller}\u0000${tool}`;
  return limit.perCaller ? keyOfCaller(limit, caller) : keyOfTool(limit, tool);
}

/** Spelling a key anew costs more than the rest of the decision. */
const keyOfCaller = remember((limit: CompiledLimit, caller) => `${limit.key}\u0000${caller}\u0000`);
const keyOfTool = remember((limit: CompiledLimit, tool) => `${limit.key}\u0000\u0000${tool}`);
