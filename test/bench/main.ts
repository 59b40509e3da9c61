/**
 * `npm run bench -- sidecar [--quick] [--case C]… [--rounds N] [--secs S] [--check] [--write] [--json]`: measures and prints ratios of
 * one run. Exit code 2 where something could not be measured; with --check also 1 where a bar is missed, 2 where one is unsure.
 * `npm run bench -- cluster [--quick] [--json]`: the same server with and without us on a real cluster; exit code 1 where a bar is
 * missed, 2 where something is unsure.
 */
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { createProgress, toProgressOutput } from "../cluster/progress.ts";
import { benchCluster, fullPlan, quickPlan } from "./cluster/bench.ts";
import { formatComparison } from "./cluster/report.ts";
import { compare, weigh } from "./cluster/rows.ts";
import { describeMachine, type Machine } from "./machine.ts";
import { readBenchOptions, type BenchOptions } from "./options.ts";
import type { RunFacts } from "./report/describe.ts";
import { toJson, toLines } from "./report/json.ts";
import { formatPage } from "./report/page.ts";
import { formatReport } from "./report/text.ts";
import { isPinned } from "./sidecar/cores.ts";
import { shippedFlags } from "./sidecar/lineup.ts";
import { benchSidecar, caseNames, type BenchReport } from "./sidecar/run.ts";
import { exitCodeOf } from "./stats/verdict.ts";

/** The Node whose figures can be compared with those of the pages. */
const baselineMajor = 24;

const finishMachine = describeMachine();
const args = process.argv.slice(2);
const read = readBenchOptions(args, caseNames);
if (!read.ok) {
  console.error(read.problem);
  process.exit(2);
}
const major = Number(process.versions.node.split(".", 1)[0]);
if (major !== baselineMajor && !read.options.anyNode) {
  console.error(`this is Node ${major}, the baseline is ${baselineMajor}; --any-node measures all the same`);
  process.exit(2);
}
await (read.options.subject === "sidecar" ? runSidecar(read.options) : runCluster(read.options));

async function runSidecar(options: BenchOptions): Promise<void> {
  // Ended in the middle, it still ends in order.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  const { isTTY } = process.stderr;
  const clear = "\r\u001b[K";
  const report = await benchSidecar({
    ...options.plan,
    onProgress: (text) => {
      if (isTTY) process.stderr.write(`${clear}${text}`);
    },
  });
  if (isTTY) process.stderr.write(clear);
  const machine = finishMachine();
  const facts: RunFacts = {
    command: ["npm run bench --", ...args].join(" "),
    flags: shippedFlags,
    isPinned,
    rounds: options.plan.rounds,
    seconds: options.plan.seconds,
    day: new Date().toISOString().slice(0, 10),
  };
  await keepLines(machine, report);
  if (options.write) await writePage(formatPage(machine, facts, report));
  if (options.output === "json") console.log(JSON.stringify(toJson(machine, report), null, 2));
  else console.log(formatReport(machine, facts, report));
  const isWhole = report.failed.length === 0 && report.bars.every(({ figure }) => figure !== undefined);
  const code = options.check ? exitCodeOf(report.bars.map(({ verdict }) => verdict)) : 0;
  process.exitCode = code === 0 && !isWhole ? 2 : code;
}

async function keepLines(machine: Machine, { rows }: BenchReport): Promise<void> {
  const folder = fileURLToPath(new URL("results/", import.meta.url));
  await mkdir(folder, { recursive: true });
  for (const [bench, lines] of toLines(machine, rows)) await appendFile(join(folder, `${bench}.jsonl`), lines);
}

async function writePage(page: string): Promise<void> {
  const file = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url));
  await writeFile(file, await format(page, { ...(await resolveConfig(file)), filepath: file }));
}

async function runCluster(options: BenchOptions): Promise<void> {
  const progress = createProgress(toProgressOutput(process.stderr, process.env));
  const { facts, failures, clusterVersion } = await benchCluster(options.quick ? quickPlan : fullPlan, progress);
  const { cores, ...machine } = finishMachine();
  const rows = weigh(compare(facts), { loadBefore: machine.loadBefore, cores });
  const after = { ...machine, cpu: `${machine.cpu} x ${cores}`, clusterVersion };
  const paint = toProgressOutput(process.stdout, process.env).isTerminal ? "colour" : "plain";
  if (options.output === "json") console.log(JSON.stringify({ machine: after, rows, failures, facts }));
  else console.log(formatComparison(after, { rows, failures }, paint));
  if (rows.some(({ verdict }) => verdict === "not met")) process.exitCode = 1;
  else if (failures.length > 0 || rows.some(({ verdict }) => verdict === "inconclusive")) process.exitCode = 2;
}
