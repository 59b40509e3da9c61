/** The time of an answer at a fixed rate, asked directly over HTTPS with reviews that a real API server sent. */
import { takeTurns } from "../../sidecar/measure.ts";
import type { BenchCase, ResultRow } from "../../sidecar/plan.ts";
import { compareWindows, directLoad, followSubject, sampleRate, scaleFigure, warmUp } from "../measure.ts";
import type { Rounds, Window } from "../measure.ts";
import type { WebhookPlan } from "../plan.ts";
import { noOpName, webhookName } from "../servers.ts";
import type { WebhookStage } from "../stage.ts";

const microToMilli = 1e-3;
const startSeconds = 4;

/** The case. */
export const reviewCase: BenchCase<WebhookStage, WebhookPlan> = {
  name: "review",
  expectSeconds: ({ rounds, seconds, mostWarmUpSeconds }) => startSeconds + 2 * (rounds * seconds + mostWarmUpSeconds),
  run: async (stage, plan) => {
    plan.onProgress("review: starting and warming up");
    const both = await stage.direct();
    const servers = [both[webhookName], both[noOpName]];
    for (const server of servers) await warmUp(directLoad(server), plan.mostWarmUpSeconds);
    const rounds = await takeTurns(
      {
        title: "review, 100 reviews/s",
        entries: servers.map((subject) => ({ subject })),
        sample: ({ subject }) => sampleRate(stage, directLoad(subject), plan.seconds),
        disturbance: ({ disturbance }) => disturbance,
      },
      plan,
    );
    const pair = { of: webhookName, by: noOpName };
    return {
      rows: servers.map(({ name }) => describeRow(rounds, name)),
      figures: {
        review_p99_ms: scaleFigure(
          followSubject(rounds, webhookName, ({ p99 }) => p99),
          microToMilli,
        ),
        admission_vs_noop: compareWindows(rounds, pair, ({ p50 }) => p50),
        review_cpu_vs_noop: compareWindows(rounds, pair, ({ cpuUs }) => cpuUs),
      },
      notes: [],
    };
  },
};

function describeRow(rounds: Rounds<Window>, subject: string): ResultRow {
  const p50us = followSubject(rounds, subject, ({ p50 }) => p50);
  return {
    ...{ bench: "webhook-review", case: "review", subject, rounds: p50us.rounds, clean: p50us.clean, p50us },
    p99us: followSubject(rounds, subject, ({ p99 }) => p99),
    cpuUs: followSubject(rounds, subject, ({ cpuUs }) => cpuUs),
  };
}
