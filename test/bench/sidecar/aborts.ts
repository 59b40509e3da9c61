/** What reaches the server when clients leave, and what is held for clients that do not read. */
import { setTimeout as pause } from "node:timers/promises";
import { waitFor } from "../../fixtures/wait-for.ts";
import { openStreams } from "../load/stream.ts";
import { mostOthers, type Figure } from "../stats/rounds.ts";
import { spread } from "../stats/series.ts";
import { readMemory } from "./cores.ts";
import { loadNamed } from "./loads.ts";
import { expectWarmUpSeconds, warmUp } from "./measure.ts";
import { startMeter } from "./meter.ts";
import type { BenchCase, BenchPlan } from "./plan.ts";
import type { Stage } from "./stage.ts";
import type { Subject } from "./subject.ts";

const abortedStreams = 200;
const floods = 20;
const afterwardsMs = 1_000;
const floodMs = 6_000;
const sampleEveryMs = 250;
const subjectName = "sidecar, none open";

/** The case. */
export const abortsCase: BenchCase = {
  name: "aborts",
  expectSeconds: (plan) => plan.rounds + (afterwardsMs + floodMs) / 1_000 + expectWarmUpSeconds(plan),
  run: async (stage, plan) => {
    const subject = await stage.subject(subjectName);
    try {
      await warmUp(stage, { subject, load: loadNamed("call-300B") }, plan.mostWarmUpSeconds);
      return {
        rows: [],
        figures: { ...(await abort(stage, subject, plan)), ...(await flood(subject, plan)) },
        notes: [],
      };
    } finally {
      await stage.end(subjectName);
    }
  },
};

async function abort(stage: Stage, subject: Subject, plan: BenchPlan): Promise<Record<string, Figure>> {
  const timesMs: number[] = [];
  const { silentConnections } = await stage.serverState();
  const finish = startMeter(stage, subject);
  for (let round = 0; round < plan.rounds; round++) {
    plan.onProgress(`aborts: round ${round + 1} of ${plan.rounds}`);
    const { openStreams: others } = await stage.serverState();
    const streams = await openStreams({ target: subject, count: abortedStreams, query: "idle=1", reading: "read" });
    if (streams.refused !== undefined) throw new Error(`a stream was refused: ${streams.refused}`);
    const startedMs = performance.now();
    streams.close();
    await waitFor("the server to see all streams end", async () => (await stage.serverState()).openStreams <= others);
    timesMs.push(performance.now() - startedMs);
  }
  const clean = finish().othersShare <= mostOthers;
  // That nothing more comes shows only after a while.
  await pause(afterwardsMs);
  const opened = (await stage.serverState()).silentConnections - silentConnections;
  return {
    abort_ms: { ...spread(timesMs), clean },
    connections_opened_by_aborts: { med: opened, min: opened, max: opened, clean: true },
  };
}

async function flood(subject: Subject, plan: BenchPlan): Promise<Record<string, Figure>> {
  plan.onProgress(`${floods} floods that nobody reads`);
  const before = readMemory(subject.pid).anon;
  const streams = await openStreams({ target: subject, count: floods, query: "flood=1", reading: "unread" });
  try {
    if (streams.refused !== undefined) throw new Error(`a flood was refused: ${streams.refused}`);
    const anon: number[] = [];
    for (let waitedMs = 0; waitedMs < floodMs; waitedMs += sampleEveryMs) {
      await pause(sampleEveryMs);
      anon.push(readMemory(subject.pid).anon - before);
    }
    const middle = Math.max(...anon.slice(0, anon.length / 2));
    const later = Math.max(...anon.slice(anon.length / 2));
    const most = Math.max(middle, later);
    return {
      flood_anon_mib: { med: most, min: Math.min(...anon), max: most, clean: true },
      flood_late_growth_mib: { med: later - middle, min: later - middle, max: later - middle, clean: true },
    };
  } finally {
    streams.close();
  }
}
