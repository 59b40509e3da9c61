/** Many pods at once: how long they take through a real API server, and whether one of them is refused. */
import { readTreeCpuUs, watchCore } from "../../sidecar/cores.ts";
import { takeTurns } from "../../sidecar/measure.ts";
import type { BenchCase, ResultRow } from "../../sidecar/plan.ts";
import { mostOthers } from "../../stats/rounds.ts";
import { spread } from "../../stats/series.ts";
import { everyAsked, type Asked, type Cluster } from "../cluster.ts";
import { openPosters } from "../load/client.ts";
import { compareWindows, followSubject, scaleFigure, type Rounds } from "../measure.ts";
import type { WebhookPlan } from "../plan.ts";
import { noOpName, readyMadeName, webhookName } from "../servers.ts";
import type { WebhookStage } from "../stage.ts";
import { requestsFor, waitUntilAsked } from "./admission.ts";

const connections = 50;
/** On a quiet machine; only for the forecast. */
const podsPerSecond = 250;
const shownReasons = 3;

interface Burst {
  readonly tookMs: number;
  /** Why pods were refused, one sentence for each. */
  readonly refusals: readonly string[];
  readonly disturbance: number;
}

/** The case. */
export const burstCase: BenchCase<WebhookStage, WebhookPlan> = {
  name: "burst",
  expectSeconds: ({ rounds, burstPods }) => (everyAsked.length * rounds * burstPods) / podsPerSecond,
  run: async (stage, plan) => {
    const { cluster } = await stage.clustered(plan.onProgress);
    for (const asked of everyAsked) await waitUntilAsked(cluster, asked);
    const rounds = await takeTurns(
      {
        title: `burst of ${plan.burstPods} pods`,
        entries: everyAsked.map((name) => ({ subject: { name } })),
        sample: ({ subject }) => sampleBurst(stage, { cluster, asked: subject.name }, plan.burstPods),
        disturbance: ({ disturbance }) => disturbance,
      },
      plan,
    );
    const refusals = rounds.flatMap((round) => round.get(webhookName)?.refusals ?? []);
    const tookMs = followSubject(rounds, webhookName, (burst) => burst.tookMs);
    return {
      rows: everyAsked.map((name) => describeRow(rounds, name, plan.burstPods)),
      figures: {
        // One refusal in one round is one too many, whatever the median says.
        burst_refused_pods: { ...spread([refusals.length]), clean: true },
        burst_vs_noop: compareWindows(rounds, { of: webhookName, by: noOpName }, (burst) => burst.tookMs),
        burst_vs_ready_made: compareWindows(rounds, { of: webhookName, by: readyMadeName }, (burst) => burst.tookMs),
        burst_ms: tookMs,
      },
      notes: [...new Set(refusals)].slice(0, shownReasons).map((why) => `burst: refused: ${why}`),
    };
  },
};

const countRefusals = (rounds: Rounds<Burst>, subject: string): readonly number[] =>
  rounds.flatMap((round) => round.get(subject)?.refusals.length ?? []);

async function sampleBurst(
  stage: WebhookStage,
  { cluster, asked }: { readonly cluster: Cluster; readonly asked: Asked },
  pods: number,
): Promise<Burst> {
  const posters = openPosters(cluster.dryRunTarget(asked), requestsFor(asked), connections);
  const readOurs = (): number => stage.pids().reduce((sum, pid) => sum + readTreeCpuUs(pid), 0);
  const refusals: string[] = [];
  let left = pods;
  const send = async (post: () => Promise<string | undefined>): Promise<void> => {
    while (left-- > 0) {
      const wrong = await post();
      if (wrong !== undefined) refusals.push(wrong);
    }
  };
  try {
    const readOthers = watchCore();
    const before = { ours: readOurs(), ms: performance.now() };
    await Promise.all(posters.map(({ post }) => send(post)));
    const tookMs = performance.now() - before.ms;
    return { tookMs, refusals, disturbance: Math.max(0, readOthers(readOurs() - before.ours) - mostOthers) };
  } finally {
    for (const { close } of posters) close();
  }
}

function describeRow(rounds: Rounds<Burst>, subject: Asked, pods: number): ResultRow {
  const tookMs = followSubject(rounds, subject, (burst) => burst.tookMs);
  return {
    ...{
      bench: "webhook-burst",
      case: `burst of ${pods}`,
      subject,
      rounds: tookMs.rounds,
      clean: tookMs.clean,
      tookMs,
    },
    callsPerSecond: invert(scaleFigure(tookMs, 1 / (1_000 * pods))),
    refusedPods: spread(countRefusals(rounds, subject)),
  };
}

const invert = ({ med, min, max }: { readonly med: number; readonly min: number; readonly max: number }) => ({
  ...{ med: 1 / med, min: 1 / max, max: 1 / min },
});
