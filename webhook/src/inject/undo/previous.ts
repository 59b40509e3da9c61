/** What strip.ts finds of an earlier injection. Types only. */
import type { AppHandlers } from "../build/app-probes.ts";
import type { Undo } from "./undo.ts";

/** What an earlier injection left behind. Undefined members were not readable. */
export interface Previous {
  /** Containers and volumes that count as ours. */
  readonly containers: ReadonlySet<string>;
  readonly volumes: ReadonlySet<string>;
  /** The choice of an earlier round: it still holds after another injector added containers of its own. */
  readonly container: string | undefined;
  readonly port: number | undefined;
  /** Handlers that were led through the sidecar, by prober path. */
  readonly handlers: AppHandlers;
  /** Paths of the hooks before a stop that the sidecar was told to answer. */
  readonly stopHooks: ReadonlySet<string>;
  /** Where the sidecar answers the kubelet. */
  readonly adminPort: number;
  /** Name that port mode named-port moved from the app's port to the sidecar's. */
  readonly portName: string | undefined;
  /** False where the command behind the shim is the annotation's, not the container's own. */
  readonly hasOwnCommand: boolean;
  /** What it changed that was not its own. */
  readonly undo: Undo;
}
