/** How much of the aggregator is measured. */
import type { CasePlan } from "../sidecar/plan.ts";

/** The plan. */
export interface AggregatorPlan extends CasePlan {
  /** Times that a list is changed. */
  readonly changes: number;
  /** Times that pods are discovered, each time by an aggregator that has just begun. */
  readonly discoveries: number;
}

/** What everything is measured with. */
export const fullAggregatorPlan = {
  ...{ rounds: 5, extraRounds: 4, seconds: 3, mostWarmUpSeconds: 6 },
  ...{ changes: 40, discoveries: 3 },
} as const;

/** For a look while something is changed. */
export const quickAggregatorPlan = {
  ...{ rounds: 3, extraRounds: 1, seconds: 1, mostWarmUpSeconds: 2 },
  ...{ changes: 10, discoveries: 1 },
} as const;

/** Names of the cases, in the order in which they are measured. */
export const aggregatorCaseNames = ["throughput", "list", "sessions", "discovery", "change", "idle", "peers"] as const;

/** The cases where none is named: other people's products are fetched only for who asks for them. */
export const usualAggregatorCases: readonly string[] = aggregatorCaseNames.filter((name) => name !== "peers");

/** Servers of the cases with many, and tools of each. */
export const manyServers = 300;
export const toolsOfMany = 20;

/** Sessions of the case with sessions: what one endpoint holds. */
export const manySessions = 10_000;

/** Pods of the case with pods. */
export const manyPods = 1_000;
