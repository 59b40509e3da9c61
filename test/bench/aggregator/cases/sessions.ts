/** Memory of as many legacy sessions as one endpoint holds, with the heap that Node takes in a container of 1 GiB. */
import { openSession } from "../../../fixtures/mcp-clients.ts";
import { readMemory } from "../../sidecar/cores.ts";
import type { BenchCase } from "../../sidecar/plan.ts";
import { spread } from "../../stats/series.ts";
import { figureOf } from "../measure.ts";
import { manySessions, type AggregatorPlan } from "../plan.ts";
import { startServers, type AggregatorStage } from "../stage.ts";

const connections = 32;
const kibPerMib = 1_024;
/** Half of the memory of the container. */
const nodeFlags = ["--max-old-space-size=512"];
/** On a quiet machine; only for the forecast. */
const sessionsPerSecond = 500;

/** The case. */
export const sessionsCase: BenchCase<AggregatorStage, AggregatorPlan> = {
  name: "sessions",
  expectSeconds: () => 5 + manySessions / sessionsPerSecond,
  run: async (stage, plan) => {
    plan.onProgress("sessions: starting");
    const servers = await startServers({ count: 10, tools: 20 }, () => "http://127.0.0.1:9/mcp", stage.ends);
    const { pid, url, metrics } = await stage.start(servers, { nodeFlags });
    await openSession(`${url}/mcp`);
    const before = readMemory(pid);
    for (let opened = 1; opened < manySessions; opened += connections) {
      const size = Math.min(connections, manySessions - opened);
      await Promise.all(Array.from({ length: size }, () => openSession(`${url}/mcp`)));
      plan.onProgress(`sessions: ${(opened + size).toLocaleString("en-US")} are open`);
    }
    const after = readMemory(pid);
    const open = /^outrigger_aggregator_sessions(?:\{[^}]*\})? (\d+)$/m.exec(await metrics())?.[1];
    if (Number(open) !== manySessions) throw new Error(`${open ?? "no"} sessions are open, not ${manySessions}`);
    // What a session takes does not depend on who else is at work.
    const clean = true;
    return {
      rows: [
        {
          ...{ bench: "aggregator-memory", case: "sessions", subject: "one session", rounds: 1, clean },
          ...toRow(before),
        },
        {
          ...{ bench: "aggregator-memory", case: "sessions", subject: "10,000 sessions", rounds: 1, clean },
          ...toRow(after),
        },
      ],
      figures: {
        sessions_10000_rss_mib: figureOf([after.rss], clean),
        session_rss_kib: figureOf([((after.rss - before.rss) * kibPerMib) / manySessions], clean),
      },
      notes: [],
    };
  },
};

const toRow = ({ rss, anon }: { readonly rss: number; readonly anon: number }) => ({
  rssMiB: spread([rss]),
  anonMiB: spread([anon]),
});
