/** Capacity: CPU per call of each subject at saturation, in ratios to the bare passthrough and to the relays of the SDKs. */
import { compareRounds, describeSubject, type Comparison, type Figure, type Sample } from "../stats/rounds.ts";
import { spread } from "../stats/series.ts";
import { readMemory, type Memory } from "./cores.ts";
import type { SubjectName } from "./lineup.ts";
import { checkAnswer, loadNamed, type LoadName } from "./loads.ts";
import { expectWarmUpSeconds, measureRounds, sampleCapacity, warmUp, type Entry } from "./measure.ts";
import { peers } from "./peers.ts";
import type { BenchCase, BenchPlan, CaseResult, ResultRow } from "./plan.ts";
import type { Stage } from "./stage.ts";

const bare = "bare passthrough";

/** One case: who is measured with which kind of request, and what its figures are called. */
export interface ThroughputCase {
  readonly name: string;
  readonly subjects: Readonly<Partial<Record<SubjectName, LoadName>>>;
  /** Ratios of CPU per call by the figure's name. */
  readonly figures: Readonly<Record<string, Comparison>>;
  /** Subjects that may be left out with a note, since they are not ours. */
  readonly optional?: readonly SubjectName[];
  /** Figures that are no ratio of two subjects, by their names. */
  readonly also?: Readonly<Record<string, Also>>;
  /** How many rounds it takes. */
  readonly rounds: "rounds" | "sdkRounds" | "unbarredRounds";
}

/** A figure, and the subjects that it needs. */
interface Also {
  readonly of: readonly SubjectName[];
  readonly find: (measured: Measured) => Figure;
}

/** One window of one subject, and its memory at the end. */
interface CapacitySample extends Sample {
  readonly memory: Memory;
}

type CapacityRound = ReadonlyMap<string, CapacitySample>;

interface Measured {
  readonly rounds: readonly CapacityRound[];
  /** Calls that came to the server while subjects were measured alone with requests that are refused, in all windows. */
  readonly reached: readonly number[];
}

const relays = ["SDK v1 relay", "SDK v2 relay"] as const;
const against = (by: SubjectName, of: SubjectName = bare): Comparison => ({ of, by });

/** A case in which the sidecar does what the bare passthrough does. */
function beside(name: LoadName, figure: string): ThroughputCase {
  return {
    name,
    subjects: { [bare]: name, sidecar: name },
    figures: { [figure]: against("sidecar") },
    rounds: "rounds",
  };
}

const cases: readonly ThroughputCase[] = [
  {
    name: "call-300B",
    subjects: { [bare]: "call-300B", sidecar: "call-300B", "SDK v1 relay": "call-300B", "SDK v2 relay": "call-300B" },
    figures: {
      call_300B_vs_bare: against("sidecar"),
      call_300B_vs_sdk_v1: against("sidecar", "SDK v1 relay"),
      call_300B_vs_sdk_v2: against("sidecar", "SDK v2 relay"),
    },
    also: {
      call_300B_vs_best_sdk: { of: ["sidecar", ...relays], find: compareToBest },
      load_anon_over_bare_mib: { of: ["sidecar", bare], find: compareMemory },
    },
    rounds: "sdkRounds",
  },
  beside("call-10KB-in", "call_10KB_in_vs_bare"),
  beside("call-1MB-in", "body_1MB_vs_bare"),
  { ...beside("call-10KB-out", "call_10KB_out_vs_bare"), rounds: "unbarredRounds" },
  beside("call-1MB-out", "body_1MB_out_vs_bare"),
  beside("call-sse", "sse_vs_bare"),
  // Nothing but the sidecar refuses; its baseline is the bare passthrough's ordinary call.
  {
    name: "denied",
    subjects: { [bare]: "call-300B", sidecar: "denied" },
    figures: { denied_vs_bare: against("sidecar") },
    also: { denied_calls_at_server: { of: ["sidecar"], find: countReached } },
    rounds: "rounds",
  },
  {
    name: "limited",
    subjects: { [bare]: "call-300B", sidecar: "limited" },
    figures: { limited_vs_bare: against("sidecar") },
    also: { limited_calls_at_server: { of: ["sidecar"], find: countReached } },
    rounds: "rounds",
  },
  {
    name: "list-20-filtered",
    subjects: { [bare]: "list-20", sidecar: "list-20-filtered" },
    figures: { list_20_filtered_vs_bare: against("sidecar") },
    rounds: "rounds",
  },
  {
    name: "list-20",
    subjects: { [bare]: "list-20", "sidecar, no rules": "list-20" },
    figures: { list_20_vs_bare: against("sidecar, no rules") },
    rounds: "unbarredRounds",
  },
  {
    name: "call-300B-logged",
    subjects: { [bare]: "call-300B", "sidecar, every call logged": "call-300B" },
    figures: { call_300B_logged_vs_bare: against("sidecar, every call logged") },
    rounds: "unbarredRounds",
  },
  {
    name: "peers",
    subjects: {
      [bare]: "call-300B",
      sidecar: "call-300B",
      "sidecar, stdio": "call-300B",
      "supergateway 4.0.0": "call-300B",
      "mcp-proxy 6.7.19": "call-300B",
    },
    optional: peers,
    figures: {
      sidecar_stdio_vs_bare: against("sidecar, stdio"),
      sidecar_vs_supergateway: against("sidecar", "supergateway 4.0.0"),
      sidecar_stdio_vs_supergateway: against("sidecar, stdio", "supergateway 4.0.0"),
      sidecar_vs_mcp_proxy: against("sidecar", "mcp-proxy 6.7.19"),
      sidecar_stdio_vs_mcp_proxy: against("sidecar, stdio", "mcp-proxy 6.7.19"),
    },
    rounds: "unbarredRounds",
  },
];

/** The cases of capacity, in the order in which they are measured. */
export const throughputCases: readonly BenchCase[] = cases.map((each) => ({
  name: each.name,
  guests: each.optional ?? [],
  expectSeconds: (plan) =>
    Object.keys(each.subjects).length * (plan[each.rounds] * plan.seconds + expectWarmUpSeconds(plan)),
  run: (stage, plan) => runCase(narrowCapacity(each, plan.figures), stage, { ...plan, rounds: plan[each.rounds] }),
}));

/**
 * Gives the case with no more than what some of its figures need, all of it where none is named; the bare passthrough stays, since every
 * row is set in relation to it.
 */
export function narrowCapacity(definition: ThroughputCase, figures: ReadonlySet<string> | undefined): ThroughputCase {
  if (figures === undefined) return definition;
  const keep = <T>(all: Readonly<Record<string, T>> | undefined): Readonly<Record<string, T>> =>
    Object.fromEntries(Object.entries(all ?? {}).filter(([name]) => figures.has(name)));
  const [ratios, also] = [keep(definition.figures), keep(definition.also)];
  const needed = new Set<string>([bare]);
  for (const { of, by } of Object.values(ratios)) needed.add(of).add(by);
  for (const name of Object.values(also).flatMap(({ of }) => of)) needed.add(name);
  const subjects = Object.entries(definition.subjects).filter(([name]) => needed.has(name));
  return { ...definition, figures: ratios, also, subjects: Object.fromEntries(subjects) };
}

async function runCase(definition: ThroughputCase, stage: Stage, plan: BenchPlan): Promise<CaseResult> {
  const notes: string[] = [];
  const entries: Entry[] = [];
  for (const [name, loadName] of Object.entries(definition.subjects)) {
    // The keys of the table are names of subjects.
    const subject = name as SubjectName;
    try {
      plan.onProgress(`${definition.name}: starting and warming up ${name}`);
      entries.push(await prepare({ stage, plan }, subject, loadNamed(loadName)));
    } catch (error) {
      if (definition.optional?.includes(subject) !== true) throw error;
      notes.push(`${definition.name}: left out ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const names = new Set(entries.map(({ subject }) => subject.name));
  const figures = Object.entries(definition.figures).filter(([, { of, by }]) => names.has(of) && names.has(by));
  const comparisons = figures.map(([, comparison]) => comparison);
  const reached: number[] = [];
  const sample = async (entry: Entry): Promise<CapacitySample> => {
    const isRefused = entry.load.expects === "refused";
    const before = isRefused ? (await stage.serverState()).calls : 0;
    const capacity = await sampleCapacity(stage, entry, plan.seconds);
    if (isRefused) reached.push((await stage.serverState()).calls - before);
    return { ...capacity, memory: readMemory(entry.subject.pid) };
  };
  const rounds = await measureRounds({ title: definition.name, entries, comparisons, sample }, plan);
  return {
    rows: entries.map(({ subject }) => describeRow(definition, subject.name, rounds)),
    figures: {
      ...Object.fromEntries(figures.map(([name, comparison]) => [name, compareRounds(rounds, comparison)])),
      ...Object.fromEntries(
        Object.entries(definition.also ?? {}).map(([name, { find }]) => [name, find({ rounds, reached })]),
      ),
    },
    notes,
  };
}

async function prepare(
  { stage, plan }: { readonly stage: Stage; readonly plan: BenchPlan },
  name: SubjectName,
  load: Entry["load"],
): Promise<Entry> {
  const subject = await stage.subject(name);
  await checkAnswer(load, subject, stage.direct);
  await warmUp(stage, { subject, load }, plan.mostWarmUpSeconds);
  return { subject, load };
}

function describeRow(definition: ThroughputCase, subject: string, all: readonly CapacityRound[]): ResultRow {
  const { cpuUs, callsPerSecond, utilisation, rounds, clean } = describeSubject(all, subject);
  const memory = all.flatMap((round) => round.get(subject)?.memory ?? []);
  return {
    bench: "throughput",
    case: definition.name,
    subject,
    rounds,
    clean,
    callsPerSecond,
    cpuUs,
    utilisation,
    ratioToBare: compareRounds(all, { of: bare, by: subject }),
    rssMiB: spread(memory.map(({ rss }) => rss)),
    anonMiB: spread(memory.map(({ anon }) => anon)),
  };
}

/** The relay that costs less is the one to beat. */
function compareToBest({ rounds }: Measured): Figure {
  const [first, second] = relays.map((relay) => compareRounds(rounds, against("sidecar", relay)));
  const none = { med: Number.NaN, min: Number.NaN, max: Number.NaN, clean: false };
  return first !== undefined && second !== undefined ? (first.med <= second.med ? first : second) : none;
}

function compareMemory({ rounds }: Measured): Figure {
  const anonOf = (round: CapacityRound, name: SubjectName): number => round.get(name)?.memory.anon ?? Number.NaN;
  // Whoever else computes changes no memory.
  return { ...spread(rounds.map((round) => anonOf(round, "sidecar") - anonOf(round, bare))), clean: true };
}

/** A count, which noise does not change. */
function countReached({ reached }: Measured): Figure {
  const count = reached.length === 0 ? Number.NaN : reached.reduce((sum, each) => sum + each, 0);
  return { med: count, min: count, max: count, clean: true };
}
