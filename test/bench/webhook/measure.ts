/** How windows of the cases are measured: warm-up, one rate for all, and how much others used the core of the servers meanwhile. */
import { runClosed, runOpen } from "../load/run.ts";
import { readTreeCpuUs, watchCore } from "../sidecar/cores.ts";
import { chooseRounds, mostOthers, type Figure } from "../stats/rounds.ts";
import { quantile, spread, type Spread } from "../stats/series.ts";
import { withConnections, type Requests, type Target } from "./load/client.ts";
import { usualPods } from "./pods.ts";
import { answerToReview, readReview } from "./reviews.ts";
import { webhookName, type Server } from "./servers.ts";
import { reviewsFile, type WebhookStage } from "./stage.ts";

/** The rate of the bars, over more connections than an API server has open to one webhook at it. */
const rate = { perSecond: 100, connections: 16 } as const;

/** One subject in one round. Latencies in microseconds; `cpuUs`: of the server per request, absent where none is asked. */
export interface Window {
  readonly p50: number;
  readonly p99: number;
  readonly cpuUs?: number;
  readonly disturbance: number;
}

/** Measures one window at the fixed rate. */
export async function sampleRate(stage: Pick<WebhookStage, "pids">, load: Load, seconds: number): Promise<Window> {
  return withConnections({ ...load, connections: rate.connections }, async (connections) => {
    const readOurs = (): number => stage.pids().reduce((sum, pid) => sum + readTreeCpuUs(pid), 0);
    const readServer = (): number => (load.server === undefined ? 0 : readTreeCpuUs(load.server.pid));
    const readOthers = watchCore();
    const before = { ours: readOurs(), server: readServer() };
    // An API server has this core, too.
    const latencies = await runOpen(connections, { perSecond: rate.perSecond, seconds, wait: "by timer" });
    const cpuUs = (readServer() - before.server) / latencies.length;
    return {
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      ...(load.server === undefined ? {} : { cpuUs }),
      disturbance: Math.max(0, readOthers(readOurs() - before.ours) - mostOthers),
    };
  });
}

/** The recorded reviews of the usual pods, sent to a server. Every answer of the webhook has to bear a patch, none of the other's does. */
export function directLoad(server: Server): Load {
  const { name, port, authority } = server;
  const isOurs = name === webhookName;
  return {
    server,
    target: { name, origin: `https://127.0.0.1:${port}`, path: "/mutate/namespace", ca: authority },
    requests: {
      bodies: usualPods.map((kind) => readReview(kind, reviewsFile)),
      status: 200,
      answerHas: [...answerToReview, ...(isOurs ? ['"patchType":"JSONPatch"', '"reason":"Injected"'] : ['"skip"'])],
    },
  };
}

const warmUpConnections = 4;

/** A load: where it goes and what it is. `server`: whose CPU is measured. */
export interface Load {
  readonly target: Target;
  readonly requests: Requests;
  readonly server?: Server;
}

/** Keeps a server busy until its code is compiled. */
export async function warmUp(load: Load, seconds: number): Promise<void> {
  await withConnections({ ...load, connections: warmUpConnections }, (connections) => runClosed(connections, seconds));
}

/** Windows of a case by the subject's name, one map for each round. */
export type Rounds<W> = readonly ReadonlyMap<string, W>[];

/** A ratio of two subjects within each round that counts. */
export function compareWindows<W extends { readonly disturbance: number }>(
  rounds: Rounds<W>,
  pair: { readonly of: string; readonly by: string },
  pick: (window: W) => number | undefined,
): Figure {
  return summarize(
    rounds.flatMap((round) => {
      const [of, by] = [round.get(pair.of), round.get(pair.by)];
      if (of === undefined || by === undefined) return [];
      const value = (pick(of) ?? Number.NaN) / (pick(by) ?? Number.NaN);
      return [{ value, disturbance: of.disturbance + by.disturbance }];
    }),
  );
}

/** One subject's value over the rounds that count. */
export function followSubject<W extends { readonly disturbance: number }>(
  rounds: Rounds<W>,
  subject: string,
  pick: (window: W) => number | undefined,
): Figure & { readonly rounds: number } {
  const windows = rounds.flatMap((round) => round.get(subject) ?? []);
  const values = windows.map((each) => ({ value: pick(each) ?? Number.NaN, disturbance: each.disturbance }));
  return { ...summarize(values), rounds: chooseRounds(values).chosen.length };
}

function summarize(values: readonly { readonly value: number; readonly disturbance: number }[]): Figure {
  const { chosen, clean } = chooseRounds(values);
  return { ...spread(chosen.map(({ value }) => value)), clean };
}

/** The same figure in another unit. */
export function scaleFigure<F extends Spread>(figure: F, factor: number): F {
  return { ...figure, med: figure.med * factor, min: figure.min * factor, max: figure.max * factor };
}
