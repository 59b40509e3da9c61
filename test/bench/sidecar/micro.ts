/** Single steps of a call, timed in a process of their own with the sidecar's flags, on its core. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { mostOthers, type Figure } from "../stats/rounds.ts";
import { spread } from "../stats/series.ts";
import { pinTo, watchCore } from "./cores.ts";
import { shippedFlags } from "./lineup.ts";
import type { BenchCase, ResultRow } from "./plan.ts";

/** Seconds in which one step is timed, for each second of a window. */
const shareOfWindow = 0.1;
/** How many steps there are; only for the forecast. */
const stepCount = 13;

type Times = Readonly<Record<string, readonly number[]>>;

/** The case. */
export const microCase: BenchCase = {
  name: "micro",
  expectSeconds: ({ rounds, seconds }) => stepCount * (rounds + 2) * shareOfWindow * seconds,
  run: async ({ programs }, plan) => {
    plan.onProgress("micro: single steps of a call");
    const args = [programs.micro, String(plan.rounds), String(Math.round(plan.seconds * shareOfWindow * 1_000))];
    const [file = "", ...rest] = [...pinTo("last"), process.execPath, ...shippedFlags, ...args];
    const readOthers = watchCore();
    const running = promisify(execFile)(file, rest);
    // It computes without a pause and sees no end of its input: who is interrupted ends it.
    const leave = (): void => void running.child.kill("SIGKILL");
    process.once("exit", leave);
    const { stdout } = await running.finally(() => process.off("exit", leave));
    // Our own program; it prints this shape.
    const { times, cpuUs } = JSON.parse(stdout) as { readonly times: Times; readonly cpuUs: number };
    const clean = readOthers(cpuUs) <= mostOthers;
    return { rows: describeRows(times, clean), figures: findFigures(times, clean), notes: [] };
  },
};

function describeRows(times: Times, clean: boolean): readonly ResultRow[] {
  return Object.entries(times).map(([step, nanoseconds]) => ({
    bench: "micro",
    case: "single steps",
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
