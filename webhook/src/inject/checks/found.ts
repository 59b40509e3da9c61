/** What the checks know and what they hand on to the plan. Types only. */
import type { LedHandlers } from "../build/handlers.ts";
import type { Wiring } from "../build/wiring.ts";
import type { Warning } from "../outcome.ts";
import type { ContainerView, PodView } from "../read/pod.ts";
import type { Settings } from "../read/settings.ts";
import type { ServerPort } from "../read/target.ts";

/** A stripped pod with the server inside it found and wired. A stdio server has no port. */
export interface Found {
  readonly pod: PodView;
  readonly settings: Settings;
  readonly container: ContainerView;
  readonly port: ServerPort | undefined;
  readonly wiring: Wiring;
}

/** A pod that can be injected, with everything that the plan needs. */
export interface Checked extends Found {
  readonly handlers: Pick<LedHandlers, "container" | "probes" | "stopHooks">;
  readonly warnings: readonly Warning[];
}
