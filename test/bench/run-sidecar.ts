/**
 * One run of the sidecar's benchmark: measures, tells of it meanwhile, keeps the lines, prints the report. Whoever ends it early gets the
 * report of the cases that have ended, marked as a part.
 */
import { appendFileSync, mkdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { toProgressOutput } from "../cluster/progress.ts";
import type { Machine } from "./machine.ts";
import type { BenchOptions } from "./options.ts";
import type { RunFacts } from "./report/describe.ts";
import { toJson, toLines } from "./report/json.ts";
import { formatPage } from "./report/page.ts";
import { createBenchProgress } from "./report/progress.ts";
import { formatReport } from "./report/text.ts";
import { isPinned } from "./sidecar/cores.ts";
import { shippedFlags } from "./sidecar/lineup.ts";
import { benchSidecar } from "./sidecar/run.ts";
import type { BenchReport } from "./sidecar/tally.ts";
import { exitCodeOf } from "./stats/verdict.ts";

/** What a run is told beside its options. */
export interface SidecarRun {
  /** As it was typed. */
  readonly command: string;
  readonly finishMachine: () => Machine;
  readonly env: NodeJS.ProcessEnv;
}

/** The exit code of a shell's child that was interrupted. */
const interrupted = 130;

/** Runs it. Gives the exit code; `leave` is called with it where a signal ends the run. */
export async function runSidecar(
  options: BenchOptions,
  run: SidecarRun,
  leave: (code: number) => void,
): Promise<number> {
  const startedMs = performance.now();
  let soFar: BenchReport | undefined;
  const finish = (report: BenchReport, part: string | undefined): readonly [Machine, RunFacts, BenchReport] => {
    const { rounds, seconds } = options.plan;
    const facts = { command: run.command, flags: shippedFlags, isPinned, rounds, seconds, day: today() };
    const tookSeconds = (performance.now() - startedMs) / 1_000;
    const told = [run.finishMachine(), { ...facts, tookSeconds, ...(part && { part }) }, report] as const;
    keepLines(told[0], report);
    console.log(options.output === "json" ? JSON.stringify(toJson(...told), null, 2) : formatReport(...told));
    return told;
  };
  const output = toProgressOutput(process.stderr, run.env);
  const columns = output.isTerminal ? process.stderr.columns : 0;
  const progress = createBenchProgress({ ...output, columns }, () => performance.now());
  const onSignal = (): void => {
    progress.clear();
    const [done, all] = [soFar?.measured ?? 0, options.plan.cases.length];
    if (soFar !== undefined) finish(soFar, `it was interrupted after ${done} of ${all} cases`);
    leave(interrupted);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, onSignal);
  const report = await benchSidecar(options.plan, {
    ...progress,
    onEnd: (attempt, outcome, all) => {
      soFar = all;
      progress.onEnd(attempt, outcome, all);
    },
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, onSignal);
  const told = finish(report, undefined);
  if (options.write) await writePage(formatPage(...told));
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

async function writePage(page: string): Promise<void> {
  const file = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url));
  await writeFile(file, await format(page, { ...(await resolveConfig(file)), filepath: file }));
}
