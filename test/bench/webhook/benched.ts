/** The webhook's benchmark as runBench takes it. */
import type { Benched } from "../run-bench.ts";
import { replacePart } from "../report/parts.ts";
import { formatReport } from "../report/text.ts";
import { toWebhookJson } from "./json.ts";
import { formatSection } from "./page.ts";
import type { WebhookPlan } from "./plan.ts";
import { createWebhookBench } from "./run.ts";
import { buildWebhookTables } from "./tables.ts";

/** Prepares a run of a plan. */
export function prepareWebhook(plan: Omit<WebhookPlan, "onProgress">): Benched {
  const { run, close, clusterVersion } = createWebhookBench();
  return {
    ...{ plan, close, clusterVersion },
    flags: [],
    bench: (listener) => run(plan, listener),
    toText: (machine, facts, report) => formatReport(machine, facts, report, buildWebhookTables(report)),
    toJson: toWebhookJson,
    writeInto: (page, ...told) => replacePart(page, "webhook", formatSection(...told)),
  };
}
