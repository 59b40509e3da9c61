/** The aggregator's benchmark as runBench takes it. */
import type { Benched } from "../run-bench.ts";
import { replacePart } from "../report/parts.ts";
import { formatReport } from "../report/text.ts";
import { toWebhookJson } from "../webhook/json.ts";
import { formatAggregatorSection } from "./page.ts";
import type { AggregatorPlan } from "./plan.ts";
import { createAggregatorBench } from "./run.ts";
import { buildAggregatorTables } from "./tables.ts";

/** Prepares a run of a plan. */
export function prepareAggregator(plan: Omit<AggregatorPlan, "onProgress">): Benched {
  const { run, close } = createAggregatorBench();
  return {
    ...{ plan, close },
    flags: [],
    bench: (listener) => run(plan, listener),
    toText: (machine, facts, report) => formatReport(machine, facts, report, buildAggregatorTables(report)),
    toJson: toWebhookJson,
    writeInto: (page, ...told) => replacePart(page, "aggregator", formatAggregatorSection(...told)),
  };
}
