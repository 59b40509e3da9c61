/**
 * Chooses the replica of a server that gets a call: of those that are best off, by the owner's strategy. A caller that is to keep its replica
 * keeps it as long as that can be used. Pure: random numbers and turns are given.
 */
import type { HealthState } from "@outrigger/api/feed";
import type { Strategy } from "@outrigger/api/words";

/**
 * One replica. `isOut`: its sidecar sends no calls to it for a while, or it was ejected here; `isReady`: what the place where it was found says;
 * `inFlight`: calls under way from here; `lastTurn`: the number of the choice that fell on it last, 0 for none yet.
 */
export interface Candidate {
  readonly key: string;
  readonly state: HealthState;
  readonly isOut: boolean;
  readonly isReady: boolean;
  readonly inFlight: number;
  readonly lastTurn: number;
  readonly weight: number;
  readonly priority: number;
}

/** By what is chosen. */
export interface Choice {
  readonly strategy: Strategy;
  /** The replica that holds the caller's session. */
  readonly sticky?: string | undefined;
  /** Who is to get the same replica each time, whichever aggregator is asked; it needs no memory. */
  readonly affine?: string | undefined;
  /** From 0 up to, and without, 1. */
  readonly random: number;
}

const usable: Readonly<Record<HealthState, number>> = { Ready: 0, Degraded: 1, Initializing: 2, Dead: 4 };
const outOfUse = 3;

/**
 * Picks one, or undefined where there is none. Those out of use and dead ones are tried last and not left out: what is known of them may be
 * older than their recovery.
 */
export function pickReplica(candidates: readonly Candidate[], choice: Choice): string | undefined {
  const held = candidates.find((candidate) => candidate.key === choice.sticky);
  if (held !== undefined && rankOf(held) < outOfUse * 2) return held.key;
  const best = Math.min(...candidates.map(rankOf));
  const tier = candidates.filter((candidate) => rankOf(candidate) === best).sort(byKey);
  const { affine } = choice;
  if (affine !== undefined) return takeLeast(tier, ({ key }) => -hash(`${affine}\u0000${key}`))?.key;
  return pickFrom(tier, choice)?.key;
}

/** From replicas that are equally well off, in order of key. */
function pickFrom(tier: readonly Candidate[], { strategy, random }: Choice): Candidate | undefined {
  switch (strategy) {
    case "RoundRobin":
      return takeLeast(tier, ({ lastTurn }) => lastTurn);
    case "LeastConnections":
      return takeLeastBusy(tier);
    case "Random":
      return tier[Math.floor(random * tier.length)];
    case "Weighted":
      return takeByWeight(tier, random);
    case "Failover": {
      const first = Math.min(...tier.map(({ priority }) => priority));
      return takeLeastBusy(tier.filter(({ priority }) => priority === first));
    }
  }
}

/** Of those that are equally busy the one whose turn is longest ago, so that calls one after another are spread too. */
function takeLeastBusy(tier: readonly Candidate[]): Candidate | undefined {
  const least = Math.min(...tier.map(({ inFlight }) => inFlight));
  return takeLeast(
    tier.filter(({ inFlight }) => inFlight === least),
    ({ lastTurn }) => lastTurn,
  );
}

function takeByWeight(tier: readonly Candidate[], random: number): Candidate | undefined {
  let left = random * tier.reduce((sum, { weight }) => sum + weight, 0);
  return tier.find(({ weight }) => (left -= weight) < 0) ?? tier.at(-1);
}

/** The first with the lowest number. */
function takeLeast(tier: readonly Candidate[], numberOf: (candidate: Candidate) => number): Candidate | undefined {
  let least: { readonly candidate: Candidate; readonly number: number } | undefined;
  for (const candidate of tier) {
    const number = numberOf(candidate);
    if (least === undefined || number < least.number) least = { candidate, number };
  }
  return least?.candidate;
}

function byKey(a: Candidate, b: Candidate): number {
  return a.key < b.key ? -1 : 1;
}

function rankOf({ state, isOut, isReady }: Candidate): number {
  const rank = isOut ? Math.max(usable[state], outOfUse) : usable[state];
  return rank * 2 + (isReady ? 0 : 1);
}

/** FNV-1a over UTF-16 units with a last mixing, as 32 bits: names that differ in their last letter must not stay neighbours. */
function hash(text: string): number {
  let value = 0x81_1c_9d_c5;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01_00_01_93);
  value = Math.imul(value ^ (value >>> 16), 0x85_eb_ca_6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2_b2_ae_35);
  return (value ^ (value >>> 16)) >>> 0;
}
