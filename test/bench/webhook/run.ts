/** The cases of the webhook in their order: those that need no cluster first. */
import { runCases, type RunListener } from "../run-cases.ts";
import { pinSelf } from "../sidecar/cores.ts";
import type { BenchCase } from "../sidecar/plan.ts";
import type { BenchReport } from "../sidecar/tally.ts";
import { webhookBars } from "./bars.ts";
import { admissionCase } from "./cases/admission.ts";
import { burstCase } from "./cases/burst.ts";
import { decisionCase } from "./cases/decision.ts";
import { memoryCase } from "./cases/memory.ts";
import { reviewCase } from "./cases/review.ts";
import { webhookCaseNames, type WebhookPlan } from "./plan.ts";
import { openStage, type WebhookStage } from "./stage.ts";

const caseOf: Readonly<Record<(typeof webhookCaseNames)[number], BenchCase<WebhookStage, WebhookPlan>>> = {
  decision: decisionCase,
  review: reviewCase,
  memory: memoryCase,
  admission: admissionCase,
  burst: burstCase,
};

/** What a run of the webhook's benchmark is. */
export interface WebhookBench {
  readonly run: (plan: Omit<WebhookPlan, "onProgress">, listener: RunListener) => Promise<BenchReport>;
  /** The version of the cluster, once a case had one. */
  readonly clusterVersion: () => string | undefined;
  /** Ends what it started, also while it runs. */
  readonly close: () => Promise<void>;
}

/** Prepares a run. */
export function createWebhookBench(): WebhookBench {
  let stage: Promise<WebhookStage> | undefined;
  let clusterVersion: WebhookStage["clusterVersion"] = () => undefined;
  const close = async (): Promise<void> => (await stage)?.close();
  return {
    run: async (plan, listener) => {
      listener.onProgress("bundling");
      pinSelf();
      stage = openStage();
      ({ clusterVersion } = await stage);
      try {
        return await runCases(
          {
            cases: webhookCaseNames.map((name) => caseOf[name]),
            bars: webhookBars,
            plan: { ...plan, onProgress: listener.onProgress },
            stage: await stage,
            // A second try needs all of a case: its subjects are compared with each other.
            narrow: (all) => all,
          },
          listener,
        );
      } finally {
        await close();
      }
    },
    clusterVersion: () => clusterVersion(),
    close,
  };
}
