/** What a step of the tour is: a title, and work on the stage that checks what it says. */
import type { Paint } from "../../cli/src/output/paint.ts";
import type { Stage } from "./stage/stage.ts";

/** What a step shows: rows of cells, aligned when printed; words of a program, quoted as a whole; the sentence that was proven. */
export interface StepReport {
  readonly rows: readonly (readonly string[])[];
  readonly quote?: string;
  readonly proven: string;
}

/** One step. `run` throws where something is not as it says. `progress` shows a word about what is under way. */
export interface Step {
  readonly title: string;
  readonly run: (
    stage: Stage,
    tools: { readonly paint: Paint; readonly progress: (word: string) => void },
  ) => Promise<StepReport>;
}
