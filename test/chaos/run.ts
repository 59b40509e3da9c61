/** One chaos run: load, and under it one fault after the other. Each begins when the one before is overcome. */
import { setTimeout as pause } from "node:timers/promises";
import type { Replica } from "../fixtures/replicas.ts";
import type { ApiServer } from "./api/api-server.ts";
import { startBed, type Bed } from "./bed.ts";
import { quickCalls, slowCalls, type CallKind } from "./calls.ts";
import { startLegacyClient, startModernClient, type LoadClient, type Now } from "./clients.ts";
import type { Fault } from "./faults.ts";
import type { ChaosReport } from "./report.ts";
import { createTally } from "./tally.ts";

/** What is done. `seconds` are shared by the faults; starting programs again comes on top. */
export interface ChaosPlan {
  readonly faults: readonly Fault[];
  readonly seconds: number;
  readonly startApi: () => Promise<ApiServer>;
  /** Hears of each thing that is done, with the time since the load began. */
  readonly tell: (told: { readonly atSeconds: number; readonly what: string }) => void;
}

/** The clients, two of each, with what they call. */
const clients: Readonly<
  Record<string, { readonly start: typeof startModernClient; readonly calls: readonly CallKind[] }>
> = {
  modern: { start: startModernClient, calls: quickCalls },
  legacy: { start: startLegacyClient, calls: quickCalls },
  "modern-slow": { start: startModernClient, calls: slowCalls },
  "legacy-slow": { start: startLegacyClient, calls: slowCalls },
};
const clientsOfKind = 2;

/** How many clients begin a session. */
export const sessionClients = 2 * clientsOfKind;

/** What is counted at replicas, by the series that hold it. */
const counted = {
  "requests passed on": 'forwarded_requests_total{result="answered"}',
  "requests that found their replica gone": 'forwarded_requests_total{result="away"}',
  "requests that broke between replicas": 'forwarded_requests_total{result="broken"}',
  "sessions taken over": "sessions_moved_total",
  "session ids refused, sealed by nobody": 'session_handles_refused_total{reason="unsealed"}',
  "session ids refused, nobody can serve them": 'session_handles_refused_total{reason="gone"}',
} as const;

/** Makes a run. Rejects where the programs can't be started, or a fault is not overcome. */
export async function runChaos(plan: ChaosPlan): Promise<ChaosReport> {
  const callers = Object.keys(clients).flatMap((kind) =>
    Array.from({ length: clientsOfKind }, (_, n) => `${kind}-${n + 1}`),
  );
  const bed = await startBed(plan.startApi, callers);
  try {
    return await runOn(bed, plan);
  } finally {
    await bed.close();
  }
}

async function runOn(bed: Bed, { faults, seconds, tell }: ChaosPlan): Promise<ChaosReport> {
  const startedMs = performance.now();
  const elapsed = (): number => (performance.now() - startedMs) / 1_000;
  const totals = new Map<string, number>();
  const tally = createTally();
  let now: ReturnType<Now> = { fault: faults[0]?.name ?? "", mayBreak: false };
  const running = startLoad(bed, tally, () => now);
  const unsettled = new Map<string, string>();

  const collect = async (replica: Replica): Promise<void> => {
    for (const [what, series] of Object.entries(counted)) {
      totals.set(what, (totals.get(what) ?? 0) + (await replica.metric(series)));
    }
  };
  const hold = (part: number): Promise<void> => pause((part * seconds * 1_000) / faults.length);
  try {
    for (const { name, what, mayBreak, act } of faults) {
      now = { fault: name, mayBreak };
      tell({ atSeconds: elapsed(), what: `${name}: ${what}` });
      await act({ bed, collect, hold, say: (said) => tell({ atSeconds: elapsed(), what: `  ${said}` }) });
      await bed.settle().catch((error: unknown) => {
        unsettled.set(name, error instanceof Error ? error.message : String(error));
      });
    }
    tell({ atSeconds: elapsed(), what: "the last calls end" });
  } finally {
    // Also where a program could not be started again: clients that go on would keep the run from ending.
    await Promise.all(running.map((client) => client.stop()));
  }
  for (const replica of bed.replicas) await collect(replica);
  const counts = tally.counts();
  return {
    seconds: elapsed(),
    faults: faults.flatMap(({ name, what }) => {
      const of = counts.get(name);
      return of === undefined ? [] : [{ name, what, counts: of, unsettled: unsettled.get(name) ?? null }];
    }),
    clients: tally.notes(),
    replicas: Object.fromEntries(totals),
  };
}

function startLoad({ url, keys }: Bed, tally: ReturnType<typeof createTally>, now: Now): readonly LoadClient[] {
  return [...keys].flatMap(([caller, key]) => {
    const kind = clients[caller.slice(0, caller.lastIndexOf("-"))];
    return kind === undefined ? [] : [kind.start({ url, caller, key, calls: kind.calls, tally, now })];
  });
}
