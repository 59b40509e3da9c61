/** Where the operations on one container go. Types only. */
import type { Tokens } from "./pointer.ts";

/** Where a container stands, which volumes an earlier round added, and which ports belong to agents that stand in for probes. */
export interface AppPlace {
  readonly path: Tokens;
  readonly ours: ReadonlySet<string>;
  readonly probePorts: readonly number[];
}
