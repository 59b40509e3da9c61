/** One run: rounds of inputs from each generator in turn, the scenarios between them, and the invariants after each round. */
import { join } from "node:path";
import { play } from "./door/play.ts";
import { readCorpus } from "./generators/corpus.ts";
import { generate, generatorNames, type GeneratorName } from "./generators/generators.ts";
import { keepRepro, type Input } from "./input.ts";
import { createRandom } from "./random.ts";
import { crowds } from "./scenarios/crowds.ts";
import { floods } from "./scenarios/floods.ts";
import type { Scenario, ScenarioOutcome } from "./scenarios/scenario.ts";
import { unsaidEnds } from "./scenarios/unsaid-ends.ts";
import type { Cost, Stage } from "./stage.ts";

/** Inputs of one generator in one round, all under way at once. */
const roundSize = 256;

/** In the order in which they are run: what takes longest to be seen begins. */
const scenarios: readonly Scenario[] = [...crowds, ...floods, ...unsaidEnds];

/** What a run is told. */
export interface RunPlan {
  readonly seed: number;
  readonly untilMs: number;
  /** Where inputs that broke something are kept. */
  readonly folder: string;
  readonly now: () => number;
  readonly onProgress: (text: string) => void;
  /** Only the scenarios whose names hold this, or one of several with commas between. */
  readonly only?: string | undefined;
}

/** What was tried and found. `failures`: each with a file for a replay where single inputs are to blame. */
export interface RunReport {
  readonly seed: number;
  readonly tried: Readonly<Record<string, number>>;
  readonly scenarios: Readonly<Record<string, string>>;
  /** By generator and scenario, the worst of all its rounds. */
  readonly costs: Readonly<Record<string, Cost>>;
  readonly failures: readonly Failure[];
}

export interface Failure {
  readonly problem: string;
  readonly where: string;
  readonly file?: string;
}

/** No more than this many failures are looked into: one fault shows itself in thousands of inputs. */
const maxFailures = 10;

/** Runs until the time is over, and then what is left of the scenarios: one comes when each generator has had its turn, each comes once. */
export async function runFuzz(stage: Stage, plan: RunPlan): Promise<RunReport> {
  const run = createRun(stage, plan);
  await run.playCorpus();
  const wanted = plan.only?.split(",") ?? [""];
  const waiting = scenarios.filter(({ name }) => wanted.some((text) => name.includes(text)));
  for (let round = 0; plan.now() < plan.untilMs && run.goesOn(); round++) {
    await run.playRound(round);
    const isCycleDone = (round + 1) % generatorNames.length === 0;
    const due = isCycleDone ? waiting.shift() : undefined;
    if (due !== undefined) await run.playScenario(due);
  }
  for (const scenario of waiting) if (stage.door.isRunning()) await run.playScenario(scenario);
  return run.finish();
}

type Finish = () => Promise<string | undefined>;

/** The parts of one run; each notes what it tried and what broke. */
function createRun(stage: Stage, plan: RunPlan) {
  const corpus = readCorpus();
  const tried: Record<string, number> = Object.fromEntries(generatorNames.map((name) => [name, 0]));
  const passed: Record<string, string> = {};
  const failures: Failure[] = [];
  const costs: Record<string, Cost> = {};
  const noteCost = (name: string): void => {
    const cost = stage.costs();
    costs[name] = worseOf(costs[name] ?? cost, cost);
  };
  const unfinished: { readonly where: string; readonly finish: Finish }[] = [];
  const note = (problem: string | undefined, where: string): void => {
    if (problem !== undefined) failures.push({ problem, where });
  };
  return {
    goesOn: () => failures.length < maxFailures && stage.door.isRunning(),
    playCorpus: async () => {
      for (const bytes of corpus.requests)
        await play(stage.door.port, { generator: "corpus", bytes, cuts: [], ending: "quiet" });
      tried["corpus"] = corpus.requests.length;
      note(stage.check(), "corpus");
      noteCost("corpus");
    },
    playRound: async (round: number) => {
      const name = generatorNames[round % generatorNames.length] ?? "mutated requests";
      const failure = await playRound(stage, { ...plan, round, name, corpus });
      tried[name] = (tried[name] ?? 0) + roundSize;
      if (failure !== undefined) failures.push(failure);
      noteCost(name);
      plan.onProgress(describe(tried));
    },
    playScenario: async (scenario: Scenario) => {
      plan.onProgress(`${describe(tried)}; ${scenario.name}`);
      const { summary, problem, finish } = await scenario.run(stage).catch(toOutcome);
      passed[scenario.name] = summary;
      note(problem ?? stage.check(), scenario.name);
      noteCost(scenario.name);
      if (finish !== undefined) unfinished.push({ where: scenario.name, finish });
    },
    finish: async (): Promise<RunReport> => {
      for (const { where, finish } of unfinished) note(await finish(), where);
      plan.onProgress(`${describe(tried)}; waiting until nothing is under way`);
      note(stage.door.isRunning() ? await stage.settle() : undefined, "end");
      note(stage.check(), "end");
      return { seed: plan.seed, tried, scenarios: passed, costs, failures };
    },
  };
}

const worseOf = (one: Cost, other: Cost): Cost => ({
  peakMiB: Math.max(one.peakMiB, other.peakMiB),
  heapMiB: Math.max(one.heapMiB, other.heapMiB),
  buffersMiB: Math.max(one.buffersMiB, other.buffersMiB),
  delayMs: Math.max(one.delayMs, other.delayMs),
  workMs: Math.max(one.workMs, other.workMs),
  ownDelayMs: Math.max(one.ownDelayMs, other.ownDelayMs),
});

/** A scenario that waits in vain throws. */
const toOutcome = (error: unknown): ScenarioOutcome => ({
  summary: "not done",
  problem: error instanceof Error ? error.message : String(error),
});

const describe = (tried: Readonly<Record<string, number>>): string =>
  `${Object.values(tried)
    .reduce((sum, each) => sum + each, 0)
    .toLocaleString("en")} inputs`;

interface Round extends RunPlan {
  readonly round: number;
  readonly name: GeneratorName;
  readonly corpus: ReturnType<typeof readCorpus>;
}

async function playRound(stage: Stage, round: Round): Promise<Failure | undefined> {
  const { name, corpus } = round;
  const inputs = generate(name, roundSize, { random: createRandom(round.seed + round.round), corpus });
  const played = await Promise.all(inputs.map((input) => play(stage.door.port, input)));
  const at = played.findIndex(({ problem }) => problem !== undefined);
  const blamed = inputs[at];
  const problem = played[at]?.problem ?? stage.check();
  if (problem === undefined) return undefined;
  const found = blamed === undefined ? await findCulprit(stage, inputs, problem) : [blamed];
  const file = join(round.folder, `${name.replaceAll(" ", "-")}-${round.seed}-${round.round}.json`);
  await keepRepro(file, { seed: round.seed, problem, inputs: found });
  return { problem, where: name, file };
}

/** Plays the inputs one by one until the same thing goes wrong again; all of them where none does it alone. */
async function findCulprit(stage: Stage, inputs: readonly Input[], problem: string): Promise<readonly Input[]> {
  for (const input of inputs) {
    if (!stage.door.isRunning()) break;
    await play(stage.door.port, input);
    if (kindOf(stage.check()) === kindOf(problem)) return [input];
  }
  return inputs;
}

const kindOf = (problem: string | undefined): string | undefined => problem?.split(":", 1)[0];
