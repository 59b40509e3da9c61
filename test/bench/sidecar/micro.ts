/** Single steps of a call, timed in a process of their own with the sidecar's flags, on its core. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { mostOthers, type Figure } from "../stats/rounds.ts";
import { spread } from "../stats/series.ts";
import { pinTo, watchCore } from "./cores.ts";
import { shippedFlags } from "./lineup.ts";
import type { BenchCase, CasePlan, ResultRow } from "./plan.ts";

/** Seconds in which one step is timed, for each second of a window. */
const shareOfWindow = 0.1;
/** How many steps there are; only for the forecast. */
const stepCount = 13;

/** Nanoseconds of each round by step. */
export type Times = Readonly<Record<string, readonly number[]>>;

/** The case. */
export const microCase: BenchCase = {
  name: "micro",
  expectSeconds: (plan) => expectStepsSeconds(stepCount, plan),
  run: async ({ programs }, plan) => {
    plan.onProgress("micro: single steps of a call");
    const { times, clean } = await runSteps([...shippedFlags, programs.micro], plan);
    return {
      rows: describeSteps({ times, clean }, { bench: "micro", case: "single steps" }),
      figures: findFigures(times, clean),
      notes: [],
    };
  },
};

/**
 * Runs a program that times steps, on the last core. `command`: Node's flags, the program and its first arguments; rounds and milliseconds
 * of a step come behind them. `clean`: false where others used that core.
 */
export async function runSteps(
  command: readonly string[],
  plan: Pick<CasePlan, "rounds" | "seconds">,
): Promise<{ readonly times: Times; readonly clean: boolean }> {
  const args = [...command, String(plan.rounds), String(Math.round(plan.seconds * shareOfWindow * 1_000))];
  const [file = "", ...rest] = [...pinTo("last"), process.execPath, ...args];
  const readOthers = watchCore();
  const running = promisify(execFile)(file, rest);
  // It computes without a pause and sees no end of its input: who is interrupted ends it.
  const leave = (): void => void running.child.kill("SIGKILL");
  process.once("exit", leave);
  const { stdout } = await running.finally(() => process.off("exit", leave));
  // Our own program; it prints this shape.
  const { times, cpuUs } = JSON.parse(stdout) as { readonly times: Times; readonly cpuUs: number };
  return { times, clean: readOthers(cpuUs) <= mostOthers };
}

/** About how long so many steps take. */
export function expectStepsSeconds(steps: number, { rounds, seconds }: Pick<CasePlan, "rounds" | "seconds">): number {
  return steps * (rounds + 2) * shareOfWindow * seconds;
}

/** A row for each step. */
export function describeSteps(
  { times, clean }: { readonly times: Times; readonly clean: boolean },
  names: Pick<ResultRow, "bench" | "case">,
): readonly ResultRow[] {
  return Object.entries(times).map(([step, nanoseconds]) => ({
    ...names,
    subject: step,
    rounds: nanoseconds.length,
    clean,
    cpuUs: spread(nanoseconds.map((each) => each / 1_000)),
  }));
}

function findFigures(times: Times, clean: boolean): Readonly<Record<string, Figure>> {
  const series = (step: string): readonly number[] => times[step] ?? [];
  const ratio = (of: string, by: string): Figure => ({
    ...spread(series(of).map((each, at) => each / (series(by)[at] ?? Number.NaN))),
    clean,
  });
  const inUnit = (step: string, nanoseconds: number): Figure => ({
    ...spread(series(step).map((each) => each / nanoseconds)),
    clean,
  });
  return {
    scan_300B_vs_parse: ratio("scan 300B", "parse 300B"),
    scan_1MB_many_values_vs_parse: ratio("scan 1MB many values", "parse 1MB many values"),
    scan_1MB_many_values_ms: inUnit("scan 1MB many values", 1e6),
    scan_1MB_one_string_vs_parse: ratio("scan 1MB one string", "parse 1MB one string"),
    scan_1MB_one_string_ms: inUnit("scan 1MB one string", 1e6),
    decide_and_record_vs_parse: ratio("decide and record", "parse 300B"),
    decide_and_record_us: inUnit("decide and record", 1e3),
    scrape_200_tools_vs_prom_client: ratio("scrape of 200 tools", "prom-client of 200 tools"),
  };
}
