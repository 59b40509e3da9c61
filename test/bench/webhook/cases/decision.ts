/** The CPU of decision and patch for pods of 1, 10 and 30 containers, in a process of its own on the last core. */
import { describeSteps, expectStepsSeconds, runSteps, type Times } from "../../sidecar/micro.ts";
import type { BenchCase } from "../../sidecar/plan.ts";
import type { Figure } from "../../stats/rounds.ts";
import { spread } from "../../stats/series.ts";
import type { WebhookPlan } from "../plan.ts";
import { reviewsFile, type WebhookStage } from "../stage.ts";

/** Three steps for each size; only for the forecast. */
const stepCount = 9;

/** The case. */
export const decisionCase: BenchCase<WebhookStage, WebhookPlan> = {
  name: "decision",
  expectSeconds: (plan) => expectStepsSeconds(stepCount, plan),
  run: async ({ programs }, plan) => {
    plan.onProgress("decision: pods of 1, 10 and 30 containers");
    const run = await runSteps([programs.decision, reviewsFile], plan);
    return {
      rows: describeSteps(run, { bench: "webhook-decision", case: "single steps" }),
      figures: findDecisionFigures(run),
      notes: [],
    };
  },
};

/** The figures of what the program measured. */
export function findDecisionFigures({ times, clean }: { readonly times: Times; readonly clean: boolean }) {
  const series = (step: string): readonly number[] => times[step] ?? [];
  const inUs = (size: string): Figure => ({
    ...spread(series(`decide and patch, ${size}`).map((each) => each / 1e3)),
    clean,
  });
  const copies = series("parse and stringify, 10 containers");
  const ratios = series("decide and patch, 10 containers").map((each, at) => each / (copies[at] ?? Number.NaN));
  return {
    decision_10_containers_us: inUs("10 containers"),
    decision_1_container_us: inUs("1 container"),
    decision_30_containers_us: inUs("30 containers"),
    decision_vs_json: { ...spread(ratios), clean },
  };
}
