/** The guards of a catalogue: of the servers whose lists not every caller sees alike. Pure, with a memory for each catalogue. */
import type { CatalogueSnapshot } from "../catalog/merge.ts";
import type { ListGuard } from "./guard.ts";

/** Guards by `namespace/server`. A server without one shows the same to everybody. */
export type Guards = ReadonlyMap<string, ListGuard>;

const known = new WeakMap<CatalogueSnapshot, Guards>();

/** No guards: everybody sees the same. */
export const noGuards: Guards = new Map();

/** The guards of a catalogue. Cost: one pass over its servers, once. */
export function guardsOf(catalogue: CatalogueSnapshot): Guards {
  const found = known.get(catalogue);
  if (found !== undefined) return found;
  const guarded = [...catalogue.servers].flatMap(([key, { served }]) =>
    served?.guard === undefined ? [] : [[key, served.guard] as const],
  );
  const guards = guarded.length === 0 ? noGuards : new Map(guarded);
  known.set(catalogue, guards);
  return guards;
}

/** Whether the same guards stand at the same servers: then nobody's view has changed by policy alone. */
export function areSameGuards(one: Guards, other: Guards): boolean {
  return one.size === other.size && [...one].every(([server, { key }]) => other.get(server)?.key === key);
}
