/**
 * Many open streams: the memory of each, and short calls meanwhile against a sidecar without any. Two processes stand side by side, so
 * that streams need not be opened and closed between rounds.
 */
import { setTimeout as pause } from "node:timers/promises";
import { openStreams, type OpenStreams } from "../load/stream.ts";
import { compareRounds, describeSubject, type Figure } from "../stats/rounds.ts";
import { readMemory } from "./cores.ts";
import { checkAnswer, loadNamed } from "./loads.ts";
import { expectWarmUpSeconds, forgetWarmth, measureRounds, sampleCapacity, warmUp } from "./measure.ts";
import type { BenchCase, BenchPlan, CaseResult, ResultRow } from "./plan.ts";
import type { Stage } from "./stage.ts";
import type { Subject } from "./subject.ts";

/** What the server sends on each stream, with the end of the figure's name. */
const kinds = [
  { name: "idle", query: "idle=1", suffix: "" },
  { name: "1 event/s", query: "events=1", suffix: "_1_event_per_s" },
] as const;

const settleMs = 2_000;
/** Starts, opening and settling, for the forecast. */
const usualOpenSeconds = 7;
/** Of the one before its streams are opened and after it; the other stays warm. */
const warmUpsOfRun = 2;
const open = "sidecar, streams open";
const none = "sidecar, none open";

/** The case: each number of streams of the plan, idle and with events. */
export const streamsCase: BenchCase = {
  name: "streams",
  expectSeconds: (plan) =>
    chooseRuns(plan).length *
    (usualOpenSeconds + 2 * plan.rounds * plan.seconds + warmUpsOfRun * expectWarmUpSeconds(plan)),
  run: async (stage, plan) => {
    const results: CaseResult[] = [];
    try {
      for (const [count, kind] of chooseRuns(plan)) results.push(await measureStreams({ stage, plan }, count, kind));
    } finally {
      await stage.end(none);
    }
    return {
      rows: results.flatMap(({ rows }) => rows),
      figures: Object.assign({}, ...results.map(({ figures }) => figures)) as Record<string, Figure>,
      notes: results.flatMap(({ notes }) => notes),
    };
  },
};

type Kind = (typeof kinds)[number];

const figuresOf = (count: number, { suffix }: Kind) =>
  ({ capacity: `with_${count}_streams${suffix}`, memory: `anon_kib_per_stream_of_${count}${suffix}` }) as const;

/** What is measured: all of it, or that of which some figure is asked for again. */
function chooseRuns({
  streams,
  figures,
}: Pick<BenchPlan, "streams" | "figures">): readonly (readonly [number, Kind])[] {
  const isAsked = (count: number, kind: Kind): boolean =>
    figures === undefined || Object.values(figuresOf(count, kind)).some((name) => figures.has(name));
  return streams.flatMap((count) => kinds.filter((kind) => isAsked(count, kind)).map((kind) => [count, kind] as const));
}

interface Run {
  readonly stage: Stage;
  readonly plan: BenchPlan;
}

async function measureStreams({ stage, plan }: Run, count: number, kind: Kind): Promise<CaseResult> {
  const title = `${count} streams, ${kind.name}`;
  const load = loadNamed("call-300B");
  const names = figuresOf(count, kind);
  const subjects: Subject[] = [];
  for (const name of [open, none] as const) {
    plan.onProgress(`${title}: starting and warming up ${name}`);
    const subject = await stage.subject(name);
    await checkAnswer(load, subject, stage.direct);
    await warmUp(stage, { subject, load }, plan.mostWarmUpSeconds);
    subjects.push(subject);
  }
  const [subject] = subjects;
  if (subject === undefined) throw new Error("no subject was started");
  const before = readMemory(subject.pid).anon;
  plan.onProgress(`${title}: opening`);
  const streams = await openStreams({ target: subject, count, query: kind.query, reading: "read" });
  try {
    if (streams.refused !== undefined) return tellRefused(count, kind, streams);
    await pause(settleMs);
    // Before calls come, which take memory, too.
    const anonKiB = ((readMemory(subject.pid).anon - before) * 1_024) / count;
    forgetWarmth(stage, subject);
    await warmUp(stage, { subject, load }, plan.mostWarmUpSeconds);
    const rounds = await measureRounds(
      {
        title,
        entries: subjects.map((each) => ({ subject: each })),
        comparisons: [{ of: none, by: open }],
        sample: (entry) => sampleCapacity(stage, { subject: entry.subject, load }, plan.seconds),
      },
      plan,
    );
    const lost = streams.ended() + (subject.isRunning() ? 0 : count);
    const ratio = compareRounds(rounds, { of: none, by: open });
    const memory = readMemory(subject.pid);
    const rows = subjects.map(({ name }): ResultRow => {
      const { cpuUs, callsPerSecond, utilisation, ...worth } = describeSubject(rounds, name);
      const held = name === open ? { anonMiB: { med: memory.anon, min: memory.anon, max: memory.anon } } : {};
      return { bench: "streams", case: title, subject: name, ...worth, callsPerSecond, cpuUs, utilisation, ...held };
    });
    return {
      rows,
      figures: {
        [names.capacity]: lost === 0 ? ratio : nothing,
        [names.memory]: { ...same(anonKiB), clean: true },
      },
      notes: lost === 0 ? [] : [`${title}: ${lost} ended while calls were made`],
    };
  } finally {
    streams.close();
    await stage.end(open);
  }
}

const same = (value: number) => ({ med: value, min: value, max: value });

/** No capacity: what was asked for could not be had at all. */
const nothing: Figure = { ...same(0), clean: true };

function tellRefused(count: number, kind: Kind, { count: opened, refused }: OpenStreams): CaseResult {
  const why = (refused ?? "").split("\r\n", 1)[0] ?? "";
  return {
    rows: [],
    figures: { [figuresOf(count, kind).capacity]: nothing },
    notes: [`${count} streams, ${kind.name}: about ${opened} were opened, the next was answered with "${why}"`],
  };
}
