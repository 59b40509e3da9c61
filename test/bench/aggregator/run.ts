/** The cases of the aggregator in their order. What a case starts ends with it: many servers would cost the next one memory and time. */
import { runCases, type RunListener } from "../run-cases.ts";
import { pinSelf } from "../sidecar/cores.ts";
import type { BenchCase } from "../sidecar/plan.ts";
import type { BenchReport } from "../sidecar/tally.ts";
import { aggregatorBars } from "./bars.ts";
import { idleCase } from "./cases/idle.ts";
import { listCase } from "./cases/list.ts";
import { peersCase } from "./cases/peers.ts";
import { changeCase, discoveryCase } from "./cases/pods.ts";
import { sessionsCase } from "./cases/sessions.ts";
import { throughputCase } from "./cases/throughput.ts";
import { aggregatorCaseNames, type AggregatorPlan } from "./plan.ts";
import { openStage, type AggregatorStage } from "./stage.ts";

type AggregatorCase = BenchCase<AggregatorStage, AggregatorPlan>;

const caseOf: Readonly<Record<(typeof aggregatorCaseNames)[number], AggregatorCase>> = {
  throughput: throughputCase,
  list: listCase,
  sessions: sessionsCase,
  discovery: discoveryCase,
  change: changeCase,
  idle: idleCase,
  peers: peersCase,
};

/** The case, which leaves nothing behind. */
const alone = (each: AggregatorCase): AggregatorCase => ({
  ...each,
  run: async (stage, plan) => {
    try {
      return await each.run(stage, plan);
    } finally {
      await stage.clear();
    }
  },
});

/** What a run of the aggregator's benchmark is. */
export interface AggregatorBench {
  readonly run: (plan: Omit<AggregatorPlan, "onProgress">, listener: RunListener) => Promise<BenchReport>;
  /** Ends what it started, also while it runs. */
  readonly close: () => Promise<void>;
}

/** Prepares a run. */
export function createAggregatorBench(): AggregatorBench {
  let stage: Promise<AggregatorStage> | undefined;
  const close = async (): Promise<void> => (await stage)?.close();
  return {
    run: async (plan, listener) => {
      listener.onProgress("bundling");
      pinSelf();
      stage = openStage();
      try {
        return await runCases(
          {
            cases: aggregatorCaseNames.map((name) => alone(caseOf[name])),
            bars: aggregatorBars,
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
    close,
  };
}
