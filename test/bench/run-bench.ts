/**
 * One run of a benchmark that has cases and bars: measures, tells of it meanwhile, keeps the lines, prints the report. Whoever ends it early
 * gets the report of the cases that have ended, marked as a part.
 */
import { appendFileSync, mkdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { toProgressOutput } from "../cluster/progress.ts";
import type { Machine } from "./machine.ts";
import type { BenchOptions } from "./options.ts";
import type { RunFacts } from "./report/describe.ts";
import { toLines } from "./report/json.ts";
import { createBenchProgress } from "./report/progress.ts";
import type { RunListener } from "./run-cases.ts";
import { isPinned } from "./sidecar/cores.ts";
import type { CasePlan } from "./sidecar/plan.ts";
import type { BenchReport } from "./sidecar/tally.ts";
import { exitCodeOf } from "./stats/verdict.ts";

/** What a run is told beside its options. */
export interface BenchRun {
  /** As it was typed. */
  readonly command: string;
  readonly finishMachine: () => Machine;
  readonly env: NodeJS.ProcessEnv;
}

/** A report with what it was made on. */
export type Told = readonly [machine: Machine, facts: RunFacts, report: BenchReport];

/** What differs between benchmarks. */
export interface Benched {
  readonly plan: Omit<CasePlan, "onProgress">;
  /** Node's flags of what is measured. */
  readonly flags: readonly string[];
  readonly bench: (listener: RunListener) => Promise<BenchReport>;
  /** The version of the cluster that was measured beside, once there was one. */
  readonly clusterVersion?: () => string | undefined;
  /** Ends what was started where the run is ended early; absent where that ends with this process. */
  readonly close?: () => Promise<void>;
  readonly toText: (...told: Told) => string;
  readonly toJson: (...told: Told) => object;
  /** The page with this report in it, from the page as it is. */
  readonly writeInto: (page: string, ...told: Told) => string;
}

/** The exit code of a shell's child that was interrupted. */
const interrupted = 130;

/** Runs it. Gives the exit code; `leave` is called with it where a signal ends the run. */
export async function runBench(
  benched: Benched,
  options: Pick<BenchOptions, "output" | "check" | "write">,
  run: BenchRun,
  leave: (code: number) => void,
): Promise<number> {
  const { plan, flags } = benched;
  const startedMs = performance.now();
  let soFar: BenchReport | undefined;
  const finish = (report: BenchReport, part: string | undefined): Told => {
    const { rounds, seconds } = plan;
    const clusterVersion = benched.clusterVersion?.();
    const told: Told = [
      run.finishMachine(),
      {
        ...{ command: run.command, flags, isPinned, rounds, seconds, day: today() },
        tookSeconds: (performance.now() - startedMs) / 1_000,
        ...(part && { part }),
        ...(clusterVersion && { clusterVersion }),
      },
      report,
    ];
    keepLines(told[0], report);
    console.log(options.output === "json" ? JSON.stringify(benched.toJson(...told), null, 2) : benched.toText(...told));
    return told;
  };
  const output = toProgressOutput(process.stderr, run.env);
  const columns = output.isTerminal ? process.stderr.columns : 0;
  const progress = createBenchProgress({ ...output, columns }, () => performance.now());
  const leaving = new AbortController();
  const onSignal = async (): Promise<void> => {
    leaving.abort();
    progress.clear();
    const [done, all] = [soFar?.measured ?? 0, plan.cases.length];
    if (soFar !== undefined) finish(soFar, `it was interrupted after ${done} of ${all} cases`);
    await benched.close?.();
    leave(interrupted);
  };
  const hear = (): void => void onSignal();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, hear);
  // What is under way while everything ends has nothing to tell.
  const tell =
    <A extends readonly unknown[]>(each: (...args: A) => void) =>
    (...args: A): void => {
      if (!leaving.signal.aborted) each(...args);
    };
  const report = await benched.bench({
    onTries: tell(progress.onTries),
    onBegin: tell(progress.onBegin),
    onProgress: tell(progress.onProgress),
    onEnd: tell((attempt, outcome, all) => {
      soFar = all;
      progress.onEnd(attempt, outcome, all);
    }),
  });
  if (leaving.signal.aborted) return interrupted;
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, hear);
  const told = finish(report, undefined);
  if (options.write) await updatePage((page) => benched.writeInto(page, ...told));
  const isWhole = report.failed.length === 0 && report.bars.every(({ figure }) => figure !== undefined);
  const code = options.check ? exitCodeOf(report.bars.map(({ verdict }) => verdict)) : 0;
  return code === 0 && !isWhole ? 2 : code;
}

const today = (): string => new Date().toISOString().slice(0, 10);

function keepLines(machine: Machine, { rows }: BenchReport): void {
  const folder = fileURLToPath(new URL("results/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  for (const [bench, lines] of toLines(machine, rows)) appendFileSync(join(folder, `${bench}.jsonl`), lines);
}

async function updatePage(change: (page: string) => string): Promise<void> {
  const file = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url));
  const page = change(await readFile(file, "utf8"));
  await writeFile(file, await format(page, { ...(await resolveConfig(file)), filepath: file }));
}
