/** What a subject adds to the time of a call at a low fixed rate, against the server alone. */
import { withConnections } from "../load/connection.ts";
import { runOpen } from "../load/run.ts";
import { chooseRounds, mostOthers, type Figure } from "../stats/rounds.ts";
import { quantile, spread, type Spread } from "../stats/series.ts";
import type { SubjectName } from "./lineup.ts";
import { checkAnswer, loadNamed } from "./loads.ts";
import { warmUp } from "./measure.ts";
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
interface LatencyCase {
  readonly name: string;
  readonly through: readonly SubjectName[];
  /** Left out with a note where they can't be had, since they are not ours. */
  readonly optional: readonly SubjectName[];
  readonly figures: Readonly<Record<string, { readonly of: Added; readonly by: Added }>>;
}

const bare = "bare passthrough";

const cases: readonly LatencyCase[] = [
  {
    name: "latency",
    through: [bare, "sidecar", "SDK v1 relay", "SDK v2 relay"],
    optional: [],
    figures: {
      added_p50_vs_bare: { of: ["sidecar", "p50"], by: [bare, "p50"] },
      added_p90_vs_bare: { of: ["sidecar", "p90"], by: [bare, "p90"] },
      added_p50_vs_sdk_v2: { of: ["sidecar", "p50"], by: ["SDK v2 relay", "p50"] },
    },
  },
  {
    name: "latency-peers",
    through: [bare, "sidecar", "sidecar, stdio", ...peers],
    optional: peers,
    figures: { added_p50_stdio_vs_bare: { of: ["sidecar, stdio", "p50"], by: [bare, "p50"] } },
  },
];

/** The cases of latency. */
export const latencyCases: readonly BenchCase[] = cases.map((each) => ({
  name: each.name,
  run: (stage, plan) => runCase(each, stage, plan),
}));

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
  const rounds = await measureLatencies(stage, subjects, plan);
  for (const name of definition.optional) await stage.end(name);
  const figures = Object.entries(definition.figures).map(
    ([name, pair]) => [name, compareAdded(rounds, { ...pair, direct: stage.direct.name })] as const,
  );
  return {
    rows: subjects.map(({ name }) => describeRow(definition.name, rounds, name)),
    figures: Object.fromEntries(figures),
    notes,
  };
}

async function measureLatencies(
  stage: Stage,
  subjects: readonly Subject[],
  plan: BenchPlan,
): Promise<readonly LatencyRound[]> {
  const rounds: LatencyRound[] = [];
  const isClean = (round: LatencyRound): boolean => [...round.values()].every(({ disturbance }) => disturbance === 0);
  const most = plan.rounds + plan.extraRounds;
  while (rounds.length < plan.rounds || (rounds.length < most && rounds.filter(isClean).length < plan.rounds)) {
    plan.onProgress(`latency at ${openLoad.perSecond} calls/s: round ${rounds.length + 1} of ${plan.rounds}`);
    const order = rounds.length % 2 === 0 ? subjects : subjects.toReversed();
    const round = new Map<string, Latencies>();
    for (const subject of order) round.set(subject.name, await sampleLatency(stage, subject, plan.seconds));
    rounds.push(round);
  }
  return rounds;
}

async function sampleLatency(stage: Stage, subject: Subject, seconds: number): Promise<Latencies> {
  const load = loadNamed("call-300B");
  return withConnections({ target: subject, load, connections: openLoad.connections }, async (connections) => {
    const finish = startMeter(stage, subject);
    const latencies = await runOpen(connections, { perSecond: openLoad.perSecond, seconds });
    const { cpuUs, othersShare } = finish();
    const [p50 = Number.NaN, p90 = Number.NaN, p99 = Number.NaN] = [0.5, 0.9, 0.99].map((share) =>
      quantile(latencies, share),
    );
    return { p50, p90, p99, cpuUs: cpuUs / latencies.length, disturbance: Math.max(0, othersShare - mostOthers) };
  });
}

type Added = readonly [subject: string, which: "p50" | "p90"];

/** What one adds to the server's own time, in relation to what the other adds, within each round. */
function compareAdded(
  rounds: readonly LatencyRound[],
  { of, by, direct }: { readonly of: Added; readonly by: Added; readonly direct: string },
): Figure {
  const added = (round: LatencyRound, [subject, which]: Added): number =>
    (round.get(subject)?.[which] ?? Number.NaN) - (round.get(direct)?.[which] ?? Number.NaN);
  const disturbanceOf = (round: LatencyRound): number =>
    [of[0], by[0], direct].reduce((sum, name) => sum + (round.get(name)?.disturbance ?? 0), 0);
  const { chosen, clean } = chooseRounds(
    rounds.map((round) => ({ ratio: added(round, of) / added(round, by), disturbance: disturbanceOf(round) })),
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
