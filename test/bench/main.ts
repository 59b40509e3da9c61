/**
 * `npm run bench -- sidecar [--quick] [--case C]… [--rounds N] [--secs S] [--check] [--write] [--json]`: measures and prints ratios of
 * one run. Exit code 2 where something could not be measured; with --check also 1 where a bar is missed, 2 where one is unsure.
 * `npm run bench -- webhook` with the same options: what an admission costs beside a no-op webhook, on a real API server.
 * `npm run bench -- aggregator` with the same options, and `--peers`: many servers, large lists, sessions, discovery.
 * `npm run bench -- cluster [--quick] [--json]`: the same server with and without us on a real cluster; exit code 1 where a bar is
 * missed, 2 where something is unsure.
 */
import { createProgress, toProgressOutput } from "../cluster/progress.ts";
import { prepareAggregator } from "./aggregator/benched.ts";
import { aggregatorCaseNames } from "./aggregator/plan.ts";
import { benchCluster, fullPlan, quickPlan } from "./cluster/bench.ts";
import { formatComparison } from "./cluster/report.ts";
import { compare, weigh } from "./cluster/rows.ts";
import { describeMachine } from "./machine.ts";
import { readBenchOptions, usage, type BenchOptions } from "./options.ts";
import { runBench, type Benched } from "./run-bench.ts";
import { prepareSidecar } from "./sidecar/benched.ts";
import { caseNames as sidecarCaseNames } from "./sidecar/run.ts";
import { prepareWebhook } from "./webhook/benched.ts";
import { webhookCaseNames } from "./webhook/plan.ts";

/** The Node whose figures can be compared with those of the pages. */
const baselineMajor = 24;

const caseNames = { sidecar: sidecarCaseNames, webhook: webhookCaseNames, aggregator: aggregatorCaseNames };
const finishMachine = describeMachine();
const args = process.argv.slice(2);
const read = readBenchOptions(args, caseNames);
if (!read.ok) {
  console.error(read.problem);
  process.exit(2);
}
if (read.options === "help") {
  console.log(usage(caseNames));
  process.exit(0);
}
const major = Number(process.versions.node.split(".", 1)[0]);
if (major !== baselineMajor && !read.options.anyNode) {
  console.error(`this is Node ${major}, the baseline is ${baselineMajor}; --any-node measures all the same`);
  process.exit(2);
}
const { options } = read;
if (options.subject === "cluster") await runCluster(options);
else {
  const run = { command: ["npm run bench --", ...args].join(" "), finishMachine, env: process.env };
  process.exitCode = await runBench(prepare(options), options, run, (code) => process.exit(code));
}

function prepare(asked: Exclude<BenchOptions, { subject: "cluster" }>): Benched {
  switch (asked.subject) {
    case "sidecar":
      return prepareSidecar(asked.plan);
    case "webhook":
      return prepareWebhook(asked.plan);
    case "aggregator":
      return prepareAggregator(asked.plan);
  }
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
