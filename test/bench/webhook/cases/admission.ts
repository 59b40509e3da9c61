/** The time of an admission at a fixed rate: pods that are created without being kept, through a real API server that asks a webhook or nobody. */
import { waitFor } from "../../../fixtures/wait-for.ts";
import { takeTurns } from "../../sidecar/measure.ts";
import type { BenchCase, ResultRow } from "../../sidecar/plan.ts";
import { everyAsked, nobodyName, type Asked, type Cluster } from "../cluster.ts";
import { meanOf, quantileOf, readHistogram, subtract, type Histogram } from "../histogram.ts";
import { openPosters, type Requests } from "../load/client.ts";
import {
  compareWindows,
  followSubject,
  sampleRate,
  scaleFigure,
  warmUp,
  type Load,
  type Rounds,
  type Window,
} from "../measure.ts";
import type { WebhookPlan } from "../plan.ts";
import { usualPods } from "../pods.ts";
import { noOpName, readyMadeName, webhookName, type Server } from "../servers.ts";
import type { AskedServers, WebhookStage } from "../stage.ts";

/** A window with what the API server and the webhook themselves counted in it, in seconds. */
interface AdmissionWindow extends Window {
  readonly seenSeconds: number;
  readonly handlerP99Seconds: number;
}

const clusterSeconds = 15;
const microToMilli = 1e-3;
const toMilli = 1e3;

/** The case. */
export const admissionCase: BenchCase<WebhookStage, WebhookPlan> = {
  name: "admission",
  expectSeconds: ({ rounds, seconds, mostWarmUpSeconds }) =>
    clusterSeconds + everyAsked.length * mostWarmUpSeconds + everyAsked.length * rounds * (seconds + 1),
  run: async (stage, plan) => {
    const { cluster, servers } = await stage.clustered(plan.onProgress);
    plan.onProgress("admission: warming up");
    for (const asked of everyAsked) {
      await waitUntilAsked(cluster, asked);
      await warmUp(loadOf({ asked, cluster, servers }), plan.mostWarmUpSeconds);
    }
    const rounds = await takeTurns(
      {
        title: "admission, 100 pods/s",
        entries: everyAsked.map((name) => ({ subject: { name } })),
        sample: ({ subject }) => sampleAdmissions(stage, { asked: subject.name, cluster, servers }, plan.seconds),
        disturbance: ({ disturbance }) => disturbance,
      },
      plan,
    );
    const pair = { of: webhookName, by: noOpName };
    return {
      rows: everyAsked.map((name) => describeRow(rounds, name)),
      figures: {
        handler_p99_ms: scaleFigure(
          followSubject(rounds, webhookName, ({ handlerP99Seconds }) => handlerP99Seconds),
          toMilli,
        ),
        admission_p99_ms: scaleFigure(
          followSubject(rounds, webhookName, ({ p99 }) => p99),
          microToMilli,
        ),
        whole_admission_vs_noop: compareWindows(rounds, pair, ({ p50 }) => p50),
        whole_admission_vs_ready_made: compareWindows(rounds, { of: webhookName, by: readyMadeName }, ({ p50 }) => p50),
        ready_made_vs_noop: compareWindows(rounds, { of: readyMadeName, by: noOpName }, ({ p50 }) => p50),
        admission_p99_vs_noop: compareWindows(rounds, pair, ({ p99 }) => p99),
        whole_admission_vs_none: compareWindows(rounds, { of: webhookName, by: nobodyName }, ({ p50 }) => p50),
        seen_vs_noop: compareWindows(rounds, pair, ({ seenSeconds }) => seenSeconds),
      },
      notes: [],
    };
  },
};

/** Pods of the usual kinds. What comes back shows whose answer it is: only the webhook's patches put a sidecar in. */
export function requestsFor(asked: Asked): Requests {
  const answerHas = asked === webhookName || asked === readyMadeName ? ['"outrigger-sidecar"'] : ['"kind":"Pod"'];
  return { bodies: usualPods.map(({ pod }) => JSON.stringify(pod)), status: 201, answerHas };
}

/** An API server takes a moment to know of a configuration. */
export async function waitUntilAsked(cluster: Cluster, asked: Asked): Promise<void> {
  const [poster] = openPosters(cluster.dryRunTarget(asked), requestsFor(asked), 1);
  if (poster === undefined) return;
  try {
    await waitFor(`the API server to ask ${asked}`, async () => {
      const wrong = await poster.post();
      if (wrong !== undefined) throw new Error(wrong);
      return asked === nobodyName || (await readSeen(cluster, asked)).count > 0;
    });
  } finally {
    poster.close();
  }
}

async function readSeen(cluster: Cluster, asked: Asked): Promise<Histogram> {
  const name = "apiserver_admission_webhook_admission_duration_seconds";
  return readHistogram(await cluster.metrics(), name, `name="${cluster.entryName(asked)}"`);
}

async function readHandler({ adminPort }: Server): Promise<Histogram> {
  const answer = await fetch(`http://127.0.0.1:${adminPort ?? 0}/metrics`);
  return readHistogram(await answer.text(), "outrigger_webhook_request_duration_seconds");
}

interface Sampled {
  readonly asked: Asked;
  readonly cluster: Cluster;
  readonly servers: AskedServers;
}

function loadOf({ asked, cluster, servers }: Sampled): Load {
  const server = asked === nobodyName ? undefined : servers[asked];
  return { target: cluster.dryRunTarget(asked), requests: requestsFor(asked), ...(server && { server }) };
}

async function sampleAdmissions(stage: WebhookStage, sampled: Sampled, seconds: number): Promise<AdmissionWindow> {
  const read = async () => ({
    seen: await readSeen(sampled.cluster, sampled.asked),
    handler: await readHandler(sampled.servers[webhookName]),
  });
  const before = await read();
  const window = await sampleRate(stage, loadOf(sampled), seconds);
  const after = await read();
  return {
    ...window,
    seenSeconds: meanOf(subtract(after.seen, before.seen)),
    handlerP99Seconds: quantileOf(subtract(after.handler, before.handler), 0.99),
  };
}

function describeRow(rounds: Rounds<AdmissionWindow>, subject: Asked): ResultRow {
  const p50us = followSubject(rounds, subject, ({ p50 }) => p50);
  const row: ResultRow = {
    ...{ bench: "webhook-admission", case: "admission", subject, rounds: p50us.rounds, clean: p50us.clean, p50us },
    p99us: followSubject(rounds, subject, ({ p99 }) => p99),
  };
  if (subject === nobodyName) return row;
  return {
    ...row,
    seenMs: scaleFigure(
      followSubject(rounds, subject, ({ seenSeconds }) => seenSeconds),
      toMilli,
    ),
    cpuUs: followSubject(rounds, subject, ({ cpuUs }) => cpuUs),
  };
}
