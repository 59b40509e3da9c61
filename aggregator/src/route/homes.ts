/** Which replica of each server a caller's session is at. Bounded: of too many callers the one that called longest ago is forgotten. */

/** The table. `caller` as upstream sessions have it; "" is nobody's and has no home. */
export interface Homes {
  readonly find: (caller: string, server: string) => string | undefined;
  readonly keep: (caller: string, server: string, sidecarKey: string) => void;
  readonly endCaller: (caller: string) => void;
  /** Forgets homes at sidecars that are gone. */
  readonly keepOnly: (sidecarKeys: ReadonlySet<string>) => void;
  /** How many callers have one. */
  readonly size: () => number;
}

/** More than an aggregator has sessions: those of a replica that ended come here too. */
const defaultMostCallers = 50_000;

/** Creates an empty table. */
export function createHomes(mostCallers = defaultMostCallers): Homes {
  const byCaller = new Map<string, Map<string, string>>();
  return {
    find: (caller, server) => byCaller.get(caller)?.get(server),
    keep: (caller, server, sidecarKey) => {
      if (caller === "") return;
      const homes = byCaller.get(caller) ?? new Map<string, string>();
      // Maps keep their order: who calls goes to the end of it.
      byCaller.delete(caller);
      byCaller.set(caller, homes.set(server, sidecarKey));
      if (byCaller.size <= mostCallers) return;
      const [oldest] = byCaller.keys();
      if (oldest !== undefined) byCaller.delete(oldest);
    },
    endCaller: (caller) => void byCaller.delete(caller),
    keepOnly: (sidecarKeys) => {
      for (const [caller, homes] of byCaller) {
        for (const [server, key] of homes) if (!sidecarKeys.has(key)) homes.delete(server);
        if (homes.size === 0) byCaller.delete(caller);
      }
    },
    size: () => byCaller.size,
  };
}
