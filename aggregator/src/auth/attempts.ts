/**
 * How often somebody at one address may be wrong about a credential: a bucket of failures that drains with time. Only wrong credentials count,
 * so whoever has none yet, or is known already, is never held up. Bounded: the address that was heard of longest ago is forgotten. Pure.
 */
import { isIPv6 } from "node:net";

/** Failed attempts by address. Times in ms. */
export interface Attempts {
  /** How long an address still has to wait; 0 where it may try. */
  readonly waitMs: (address: string, nowMs: number) => number;
  /** Notes one failure. */
  readonly fail: (address: string, nowMs: number) => void;
}

/** `most`: failures at once; `eachMs`: after so long one of them is forgiven; `maxAddresses`: how many addresses are remembered. */
export interface AttemptBounds {
  readonly most: number;
  readonly eachMs: number;
  readonly maxAddresses: number;
}

const defaultAttemptBounds: AttemptBounds = { most: 20, eachMs: 3_000, maxAddresses: 10_000 };

/** Creates it, without a failure. */
export function createAttempts({ most, eachMs, maxAddresses }: AttemptBounds = defaultAttemptBounds): Attempts {
  /** When all failures of an address are forgiven, by address. */
  const clearAt = new Map<string, number>();
  return {
    waitMs: (address, nowMs) => Math.max(0, (clearAt.get(keyOf(address)) ?? 0) - nowMs - (most - 1) * eachMs),
    fail: (address, nowMs) => {
      const key = keyOf(address);
      const next = Math.max(clearAt.get(key) ?? 0, nowMs) + eachMs;
      clearAt.delete(key);
      clearAt.set(key, Math.min(next, nowMs + most * eachMs));
      const [oldest] = clearAt.keys();
      if (clearAt.size > maxAddresses && oldest !== undefined) clearAt.delete(oldest);
    },
  };
}

/** Of IPv6 the network of 64 bits: whoever has one address of it has them all. */
function keyOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("%")[0]?.split("::") ?? [];
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...new Array<string>(Math.max(0, zeros)).fill("0"), ...after];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
