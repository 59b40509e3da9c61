/** What a subject adds to the time of a call at a low fixed rate, against the server alone. */
import { withConnections } from "../load/connection.ts";
import { runOpen } from "../load/run.ts";
import { chooseRounds, mostOthers, type Figure } from "../stats/rounds.ts";
import { quantile, spread, type Spread } from "../stats/series.ts";
import type { SubjectName } from "./lineup.ts";
import { checkAnswer, loadNamed } from "./loads.ts";
import { expectWarmUpSeconds, takeTurns, warmUp } from "./measure.ts";
import { startMeter } from "./meter.ts";
import { peers } from "./peers.ts";
import type { BenchCase, BenchPlan, CaseResult, ResultRow } from "./plan.ts";
import type { Stage } from "./stage.ts";
import type { Subject } from "./subject.ts";

const openLoad = { perSecond: 500, connections: 16 } as const;

/** One subject in one round, microseconds. */
interface Latencies {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly cpuUs: number;
  readonly disturbance: number;
}

type LatencyRound = ReadonlyMap<string, Latencies>;

/** One case: who stands between the load and the server, and whose added time is set in relation. */
export interface LatencyCase {
  readonly name: string;
  readonly through: readonly SubjectName[];
  /** Left out with a note where they can't be had, since they are not ours. */
  readonly optional: readonly SubjectName[];
  readonly figures: Readonly<Record<string, { readonly of: Added; readonly by: Added }>>;
  /** How many rounds it takes. */
  readonly rounds: "rounds" | "unbarredRounds";
}

const bare = "bare passthrough";

const cases: readonly LatencyCase[] = [
  {
    name: "latency",
    through: [bare, "sidecar", "SDK v2 relay"],
    optional: [],
    figures: {
      added_p50_vs_bare: { of: ["sidecar", "p50"], by: [bare, "p50"] },
      added_p90_vs_bare: { of: ["sidecar", "p90"], by: [bare, "p90"] },
      added_p50_vs_sdk_v2: { of: ["sidecar", "p50"], by: ["SDK v2 relay", "p50"] },
    },
    rounds: "rounds",
  },
  {
    name: "latency-peers",
    through: [bare, "sidecar", "sidecar, stdio", ...peers],
    optional: peers,
    figures: { added_p50_stdio_vs_bare: { of: ["sidecar, stdio", "p50"], by: [bare, "p50"] } },
    rounds: "unbarredRounds",
  },
];

/** The cases of latency. */
export const latencyCases: readonly BenchCase[] = cases.map((each) => ({
  name: each.name,
  guests: each.optional,
  expectSeconds: (plan) => (each.through.length + 1) * plan[each.rounds] * plan.seconds + expectWarmUpSeconds(plan),
  run: (stage, plan) => runCase(narrowLatency(each, plan.figures), stage, { ...plan, rounds: plan[each.rounds] }),
}));

/** Gives the case with no more than what some of its figures need, all of it where none is named. */
export function narrowLatency(definition: LatencyCase, wanted: ReadonlySet<string> | undefined): LatencyCase {
  if (wanted === undefined) return definition;
  const figures = Object.entries(definition.figures).filter(([name]) => wanted.has(name));
  const needed = new Set<string>(figures.flatMap(([, { of, by }]) => [of[0], by[0]]));
  const through = definition.through.filter((name) => needed.has(name));
  return { ...definition, through, figures: Object.fromEntries(figures) };
}

async function runCase(definition: LatencyCase, stage: Stage, plan: BenchPlan): Promise<CaseResult> {
  const load = loadNamed("call-300B");
  const subjects: Subject[] = [stage.direct];
  const notes: string[] = [];
  for (const name of definition.through) {
    plan.onProgress(`${definition.name}: starting and warming up ${name}`);
    try {
      const subject = await stage.subject(name);
      await checkAnswer(load, subject, stage.direct);
      await warmUp(stage, { subject, load }, plan.mostWarmUpSeconds);
      subjects.push(subject);
    } catch (error) {
      if (!definition.optional.includes(name)) throw error;
      notes.push(`${definition.name}: left out ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const rounds = await takeTurns(
    {
      title: `${definition.name}, ${openLoad.perSecond} calls/s`,
      entries: subjects.map((subject) => ({ subject })),
      sample: ({ subject }) => sampleLatency(stage, subject, plan.seconds),
      disturbance: ({ disturbance }) => disturbance,
    },
    plan,
  );
  const figures = Object.entries(definition.figures).map(
    ([name, pair]) => [name, compareAdded(rounds, { ...pair, direct: stage.direct.name })] as const,
  );
  return {
    rows: subjects.map(({ name }) => describeRow(definition.name, rounds, name)),
    figures: Object.fromEntries(figures),
    notes,
  };
}

async function sampleLatency(stage: Stage, subject: Subject, seconds: number): Promise<Latencies> {
  const load = loadNamed("call-300B");
  return withConnections({ target: subject, load, connections: openLoad.connections }, async (connections) => {
    const finish = startMeter(stage, subject);
    const latencies = await runOpen(connections, { perSecond: openLoad.perSecond, seconds, wait: "spinning" });
    const { cpuUs, othersShare } = finish();
    const [p50 = Number.NaN, p90 = Number.NaN, p99 = Number.NaN] = [0.5, 0.9, 0.99].map((share) =>
      quantile(latencies, share),
    );
    return { p50, p90, p99, cpuUs: cpuUs / latencies.length, disturbance: Math.max(0, othersShare - mostOthers) };
  });
}

type Added = readonly [subject: string, which: "p50" | "p90"];

/**
 * What one adds to the server's own time, in relation to what the other adds, within each round. A round in which one of them seems to
 * add nothing says nothing.
 */
function compareAdded(
  rounds: readonly LatencyRound[],
  { of, by, direct }: { readonly of: Added; readonly by: Added; readonly direct: string },
): Figure {
  const added = (round: LatencyRound, [subject, which]: Added): number =>
    (round.get(subject)?.[which] ?? Number.NaN) - (round.get(direct)?.[which] ?? Number.NaN);
  const disturbanceOf = (round: LatencyRound): number =>
    [of[0], by[0], direct].reduce((sum, name) => sum + (round.get(name)?.disturbance ?? 0), 0);
  const { chosen, clean } = chooseRounds(
    rounds
      .filter((round) => added(round, of) > 0 && added(round, by) > 0)
      .map((round) => ({ ratio: added(round, of) / added(round, by), disturbance: disturbanceOf(round) })),
  );
  return { ...spread(chosen.map(({ ratio }) => ratio)), clean };
}

function describeRow(name: string, rounds: readonly LatencyRound[], subject: string): ResultRow {
  const samples = rounds.flatMap((round) => round.get(subject) ?? []);
  const { chosen, clean } = chooseRounds(samples);
  const of = (which: "p50" | "p90" | "p99" | "cpuUs"): Spread => spread(chosen.map((each) => each[which]));
  return {
    bench: "latency",
    case: name,
    subject,
    rounds: chosen.length,
    clean,
    cpuUs: of("cpuUs"),
    p50us: of("p50"),
    p90us: of("p90"),
    p99us: of("p99"),
  };
}
