/** The ids of tasks on their way through callers, with the keys and the clock of this program. */
import type { Seal } from "../../replicas/seal.ts";
import { openTaskId, sealTaskId, type KnownTask } from "./task-id.ts";

/** Seals ids and opens them. */
export interface TaskIds {
  readonly seal: (task: KnownTask) => string;
  /** Undefined for what is none of this caller's. */
  readonly open: (text: unknown, caller: string) => KnownTask | undefined;
}

/** Creates them. */
export function createTaskIds({ seal, nowMs }: { readonly seal: Seal; readonly nowMs: () => number }): TaskIds {
  return {
    seal: (task) => sealTaskId(seal, task, nowMs()),
    open: (text, caller) => openTaskId(seal, text, { caller, nowMs: nowMs() }),
  };
}
