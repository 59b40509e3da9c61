/** Capacity: CPU per call of each subject at saturation, in ratios to the bare passthrough and to the relays of the SDKs. */
import { compareRounds, describeSubject, type Comparison, type Figure, type Round } from "../stats/rounds.ts";
import { spread } from "../stats/series.ts";
import { readMemory, type Memory } from "./cores.ts";
import type { SubjectName } from "./lineup.ts";
import { checkAnswer, loadNamed, type LoadName } from "./loads.ts";
import { measureRounds, sampleCapacity, warmUp, type Entry } from "./measure.ts";
import { peers } from "./peers.ts";
import type { BenchCase, BenchPlan, CaseResult, ResultRow } from "./plan.ts";
import type { Stage } from "./stage.ts";

const bare = "bare passthrough";

/** One case: who is measured with which kind of request, and what its figures are called. */
interface ThroughputCase {
  readonly name: string;
  readonly subjects: Readonly<Partial<Record<SubjectName, LoadName>>>;
  /** Ratios of CPU per call by the figure's name. */
  readonly figures: Readonly<Record<string, Comparison>>;
  /** Subjects that may be left out with a note, since they are not ours. */
  readonly optional?: readonly SubjectName[];
  readonly also?: (measured: Measured) => Readonly<Record<string, Figure>>;
}

interface Measured {
  readonly rounds: readonly Round[];
  /** Memory at the end of each round by subject. */
  readonly memory: ReadonlyMap<string, readonly Memory[]>;
  /** Calls that reached the server while the subjects that refuse were measured alone; undefined where none does. */
  readonly reached?: number;
}

const relays = ["SDK v1 relay", "SDK v2 relay"] as const;
const against = (by: SubjectName, of: SubjectName = bare): Comparison => ({ of, by });

/** A case in which the sidecar does what the bare passthrough does. */
function beside(name: LoadName, figure: string): ThroughputCase {
  return { name, subjects: { [bare]: name, sidecar: name }, figures: { [figure]: against("sidecar") } };
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
    also: ({ rounds, memory }) => ({
      call_300B_vs_best_sdk: compareToBest(rounds),
      load_anon_over_bare_mib: compareMemory(memory),
    }),
  },
  beside("call-10KB-in", "call_10KB_in_vs_bare"),
  beside("call-1MB-in", "body_1MB_vs_bare"),
  beside("call-10KB-out", "call_10KB_out_vs_bare"),
  beside("call-1MB-out", "body_1MB_out_vs_bare"),
  beside("call-sse", "sse_vs_bare"),
  // Nothing but the sidecar refuses; its baseline is the bare passthrough's ordinary call.
  {
    name: "denied",
    subjects: { [bare]: "call-300B", sidecar: "denied" },
    figures: { denied_vs_bare: against("sidecar") },
    also: ({ reached }) => ({ denied_calls_at_server: exactly(reached) }),
  },
  {
    name: "limited",
    subjects: { [bare]: "call-300B", sidecar: "limited" },
    figures: { limited_vs_bare: against("sidecar") },
    also: ({ reached }) => ({ limited_calls_at_server: exactly(reached) }),
  },
  {
    name: "list-20-filtered",
    subjects: { [bare]: "list-20", sidecar: "list-20-filtered" },
    figures: { list_20_filtered_vs_bare: against("sidecar") },
  },
  {
    name: "list-20",
    subjects: { [bare]: "list-20", "sidecar, no rules": "list-20" },
    figures: { list_20_vs_bare: against("sidecar, no rules") },
  },
  {
    name: "call-300B-logged",
    subjects: { [bare]: "call-300B", "sidecar, every call logged": "call-300B" },
    figures: { call_300B_logged_vs_bare: against("sidecar, every call logged") },
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
  },
];

/** The cases of capacity, in the order in which they are measured. */
export const throughputCases: readonly BenchCase[] = cases.map((each) => ({
  name: each.name,
  run: (stage, plan) => runCase(each, stage, plan),
}));

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
  const { rounds, memory, reached } = await measureCase(definition, entries, { stage, plan });
  for (const name of definition.optional ?? []) await stage.end(name);
  const names = new Set(entries.map(({ subject }) => subject.name));
  const figures = Object.entries(definition.figures)
    .filter(([, { of, by }]) => names.has(of) && names.has(by))
    .map(([name, comparison]) => [name, compareRounds(rounds, comparison)] as const);
  return {
    rows: entries.map(({ subject }) => describeRow(definition, subject.name, { rounds, memory })),
    figures: {
      ...Object.fromEntries(figures),
      ...definition.also?.({ rounds, memory, ...(reached === undefined ? {} : { reached }) }),
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

async function measureCase(
  definition: ThroughputCase,
  entries: readonly Entry[],
  { stage, plan }: { readonly stage: Stage; readonly plan: BenchPlan },
): Promise<Measured> {
  const memory = new Map<string, Memory[]>(entries.map(({ subject }) => [subject.name, []]));
  const names = new Set(entries.map(({ subject }) => subject.name));
  let reached: number | undefined;
  const rounds = await measureRounds(
    {
      title: definition.name,
      entries,
      comparisons: Object.values(definition.figures).filter(({ of, by }) => names.has(of) && names.has(by)),
      sample: async (entry) => {
        const before = entry.load.expects === "refused" ? (await stage.serverState()).calls : undefined;
        const sample = await sampleCapacity(stage, entry, plan.seconds);
        if (before !== undefined) reached = (reached ?? 0) + (await stage.serverState()).calls - before;
        memory.get(entry.subject.name)?.push(readMemory(entry.subject.pid));
        return sample;
      },
    },
    plan,
  );
  return { rounds, memory, ...(reached === undefined ? {} : { reached }) };
}

function describeRow(definition: ThroughputCase, subject: string, measured: Measured): ResultRow {
  const { cpuUs, callsPerSecond, utilisation, rounds, clean } = describeSubject(measured.rounds, subject);
  const memory = measured.memory.get(subject) ?? [];
  return {
    bench: "throughput",
    case: definition.name,
    subject,
    rounds,
    clean,
    callsPerSecond,
    cpuUs,
    utilisation,
    ratioToBare: compareRounds(measured.rounds, { of: bare, by: subject }),
    rssMiB: spread(memory.map(({ rss }) => rss)),
    anonMiB: spread(memory.map(({ anon }) => anon)),
  };
}

/** The relay that costs less is the one to beat. */
function compareToBest(rounds: readonly Round[]): Figure {
  const [first, second] = relays.map((relay) => compareRounds(rounds, against("sidecar", relay)));
  const none = { med: Number.NaN, min: Number.NaN, max: Number.NaN, clean: false };
  return first !== undefined && second !== undefined ? (first.med <= second.med ? first : second) : none;
}

function compareMemory(memory: ReadonlyMap<string, readonly Memory[]>): Figure {
  const [ours = [], theirs = []] = ["sidecar", bare].map((name) => memory.get(name)?.map(({ anon }) => anon));
  return { ...spread(ours.map((anon, at) => anon - (theirs[at] ?? Number.NaN))), clean: true };
}

/** A count, which noise does not change. */
function exactly(count = Number.NaN): Figure {
  return { med: count, min: count, max: count, clean: true };
}
