/** How much of the webhook is measured. */
import type { CasePlan } from "../sidecar/plan.ts";

/** The plan. */
export interface WebhookPlan extends CasePlan {
  /** Pods of one burst. */
  readonly burstPods: number;
  /** Reviews after which nothing may have grown. */
  readonly memoryReviews: number;
}

/** What everything is measured with. */
export const fullWebhookPlan = {
  ...{ rounds: 5, extraRounds: 4, seconds: 4, mostWarmUpSeconds: 10 },
  ...{ burstPods: 1_000, memoryReviews: 100_000 },
} as const;

/** For a look while something is changed. */
export const quickWebhookPlan = {
  ...{ rounds: 3, extraRounds: 1, seconds: 1, mostWarmUpSeconds: 2 },
  ...{ burstPods: 200, memoryReviews: 3_000 },
} as const;

/** Names of the cases, in the order in which they are measured: those that need no cluster first. */
export const webhookCaseNames = ["decision", "review", "memory", "admission", "burst"] as const;
