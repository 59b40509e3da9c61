/** What a scenario is: something that no single connection can do, against a stage that also serves an ordinary client. */
import type { Stage } from "../stage.ts";

/** What came of a scenario. `summary` says how much was done. `finish` is asked at the end of the run, for what takes long. */
export interface ScenarioOutcome {
  readonly summary: string;
  readonly problem?: string;
  readonly finish?: () => Promise<string | undefined>;
}

export interface Scenario {
  readonly name: string;
  readonly run: (stage: Stage) => Promise<ScenarioOutcome>;
}
