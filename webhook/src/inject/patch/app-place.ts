/** Where the operations on one container go. Types only. */
import type { Tokens } from "./pointer.ts";

/** Where a container stands, what an earlier round added to it, and which ports belong to agents that stand in for probes. */
export interface AppPlace {
  readonly path: Tokens;
  /** Volumes. */
  readonly ours: ReadonlySet<string>;
  /** Variables with their values. */
  readonly added: ReadonlyMap<string, string>;
  readonly probePorts: readonly number[];
}
