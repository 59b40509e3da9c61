/** One chaos run: load, and what is done to the programs under it, one thing after the other. */
import { setTimeout as pause } from "node:timers/promises";
import type { Replica } from "../fixtures/replicas.ts";
import { startBed, waitForServer, type Bed } from "./bed.ts";
import { startLegacyClient, startModernClient } from "./clients.ts";
import type { ChaosReport, Event } from "./report.ts";
import { createTally } from "./tally.ts";

/** How much is done. `calmMs`: load between two things that are done; the API server is away for as long. */
export interface ChaosPlan {
  readonly rounds: number;
  readonly calmMs: number;
  /** Clients of each era. */
  readonly clients: number;
}

/** The plans: one that fits into every change's tests, and one for a longer look. */
export const plans = {
  quick: { rounds: 1, calmMs: 1_000, clients: 4 },
  full: { rounds: 5, calmMs: 5_000, clients: 8 },
} as const satisfies Record<string, ChaosPlan>;

/** What is counted at replicas, by the series that hold it. */
const counted = {
  "requests passed on": 'forwarded_requests_total{result="answered"}',
  "requests that found their replica gone": 'forwarded_requests_total{result="away"}',
  "requests that broke between replicas": 'forwarded_requests_total{result="broken"}',
  "sessions taken over": "sessions_moved_total",
  "session ids refused, sealed by nobody": 'session_handles_refused_total{reason="unsealed"}',
  "session ids refused, nobody can serve them": 'session_handles_refused_total{reason="gone"}',
} as const;

/** Makes a run. `tell` hears of each thing that is done. */
export async function runChaos(plan: ChaosPlan, tell: (event: Event) => void): Promise<ChaosReport> {
  const bed = await startBed();
  try {
    await waitForServer(bed.replicas);
    return await runOn(bed, plan, tell);
  } finally {
    await bed.close();
  }
}

async function runOn(bed: Bed, plan: ChaosPlan, tell: (event: Event) => void): Promise<ChaosReport> {
  const startedMs = performance.now();
  const seconds = (): number => (performance.now() - startedMs) / 1_000;
  const [modern, legacy] = [createTally(), createTally()];
  const totals = new Map<string, number>();
  const events: Event[] = [];
  const parts = { url: bed.url, tool: bed.tool };
  const clients = Array.from({ length: plan.clients }, () => [
    startModernClient({ ...parts, tally: modern }),
    startLegacyClient({ ...parts, tally: legacy }),
  ]).flat();

  const step = async (what: string, act: () => Promise<void> | void): Promise<void> => {
    await pause(plan.calmMs);
    const event = { atSeconds: seconds(), what };
    events.push(event);
    tell(event);
    await act();
  };
  /** What a replica has counted ends with it. */
  const collect = async (replica: Replica): Promise<void> => {
    for (const [what, series] of Object.entries(counted)) {
      totals.set(what, (totals.get(what) ?? 0) + (await replica.metric(series)));
    }
  };

  for (let round = 0; round < plan.rounds; round++) await disturb(bed, { round, step, collect });
  await pause(plan.calmMs);
  await Promise.all(clients.map((client) => client.stop()));
  for (const replica of bed.replicas) await collect(replica);
  const replicas = Object.fromEntries(totals);
  return { seconds: seconds(), events, clients: { modern: modern.counts(), legacy: legacy.counts() }, replicas };
}

interface Acts {
  readonly round: number;
  readonly step: (what: string, act: () => Promise<void> | void) => Promise<void>;
  readonly collect: (replica: Replica) => Promise<void>;
}

/** One round: every kind of program is ended in every way that it has. */
async function disturb({ replicas, pods, freezeApi }: Bed, { round, step, collect }: Acts): Promise<void> {
  const turn = <T>(all: readonly T[], by: number): T => all[(round + by) % all.length] as T;
  const [killed, killedInOutage, ended] = [turn(replicas, 0), turn(replicas, 1), turn(replicas, 2)];
  const end = async (replica: Replica, how: "kill" | "stop"): Promise<void> => {
    await collect(replica);
    await replica[how]();
  };
  await step("a replica of the aggregator is killed", () => end(killed, "kill"));
  await step("it is started again", () => killed.start());
  await step("a sidecar is killed", () => turn(pods, 0).kill());
  await step("it is started again", () => turn(pods, 0).start());
  let thaw = (): void => undefined;
  await step("the API server stops answering", () => {
    thaw = freezeApi();
  });
  await step("a second replica is killed", () => end(killedInOutage, "kill"));
  await step("the API server answers again", () => thaw());
  await step("the second replica is started again", () => killedInOutage.start());
  await step("a third replica is ended in order", () => end(ended, "stop"));
  await step("it is started again", () => ended.start());
}
