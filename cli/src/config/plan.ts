/**
 * What a new configuration asks for, compared with the one in force: per server the least that has to happen.
 * Pure; who runs the servers carries the plan out.
 */
import type { ServerEntry } from "@outrigger/api/server-file";

/**
 * One step per server that differs. `restart`: what is started or dialled differs; `policy`: only its policy, which the
 * sidecar takes over while it runs; `describe`: only its group or routing, which the aggregator alone needs to know.
 */
export type Change =
  | { readonly kind: "start" | "restart" | "policy" | "describe"; readonly entry: ServerEntry }
  | { readonly kind: "stop"; readonly name: string };

/** Compares two configurations. Shape: stops first, then the others in the order of the new file; equal servers have no change. */
export function planChanges(before: readonly ServerEntry[], after: readonly ServerEntry[]): Change[] {
  const wanted = new Set(after.map((entry) => entry.name));
  const known = new Map(before.map((entry) => [entry.name, entry]));
  const stops = before.filter((entry) => !wanted.has(entry.name)).map(({ name }): Change => ({ kind: "stop", name }));
  return [...stops, ...after.flatMap((entry) => planOne(known.get(entry.name), entry))];
}

function planOne(before: ServerEntry | undefined, entry: ServerEntry): Change[] {
  if (before === undefined) return [{ kind: "start", entry }];
  if (isSame(strip(before), strip(entry))) {
    if (!isSame(before.outrigger.policy, entry.outrigger.policy)) return [{ kind: "policy", entry }];
    return isSame(toldOf(before), toldOf(entry)) ? [] : [{ kind: "describe", entry }];
  }
  return [{ kind: "restart", entry }];
}

/** What of our own block the aggregator alone needs to know. */
function toldOf({ outrigger }: ServerEntry): unknown {
  return [outrigger.group, outrigger.routing];
}

/** The entry without our own block, but for what its sidecar is started with. */
function strip(entry: ServerEntry): ServerEntry {
  const { auth } = entry.outrigger;
  return { ...entry, outrigger: auth === undefined ? {} : { auth } };
}

/** Both sides come from one reader, which builds its objects in one order. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
