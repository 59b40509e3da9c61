/**
 * `npm run bench -- sidecar [--quick] [--rounds N] [--seconds S] [--json]`: measures and prints ratios of one run.
 * `npm run bench -- cluster [--quick] [--json]`: the same server with and without us on a real cluster; exit code 1 where a bar is
 * missed, 2 where something is unsure.
 */
import { execFileSync } from "node:child_process";
import { cpus, loadavg, release } from "node:os";
import { parseArgs } from "node:util";
import { createProgress, toProgressOutput } from "../cluster/progress.ts";
import { benchCluster, fullPlan, quickPlan } from "./cluster/bench.ts";
import { formatComparison } from "./cluster/report.ts";
import { compare, weigh } from "./cluster/rows.ts";
import { formatReport } from "./report.ts";
import { benchSidecar } from "./sidecar.ts";
import { isPinned } from "./subjects.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean" },
    json: { type: "boolean" },
    rounds: { type: "string" },
    seconds: { type: "string" },
  },
});

const machine = {
  node: process.version,
  cpu: `${cpus()[0]?.model.trim() ?? "unknown"} x ${cpus().length}`,
  kernel: release(),
  commit: readCommit(),
  pinned: isPinned,
  loadBefore: loadavg()[0] ?? Number.NaN,
};

const benchmarks: Readonly<Record<string, () => Promise<void>>> = { sidecar: runSidecar, cluster: runCluster };
const [subject = "sidecar"] = positionals;
const benchmark = Object.hasOwn(benchmarks, subject) ? benchmarks[subject] : undefined;
if (benchmark === undefined) {
  console.error(`no benchmark "${subject}"; there are: ${Object.keys(benchmarks).join(", ")}`);
  process.exit(2);
}
await benchmark();

function readCommit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "unknown";
  }
}

function finishMachine() {
  return { ...machine, loadAfter: loadavg()[0] ?? Number.NaN };
}

async function runSidecar(): Promise<void> {
  const showProgress = (text: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
  };
  const report = await benchSidecar({
    rounds: Number(values.rounds ?? (values.quick === true ? 3 : 7)),
    seconds: Number(values.seconds ?? (values.quick === true ? 1 : 2)),
    onProgress: showProgress,
  });
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  const after = finishMachine();
  console.log(values.json === true ? JSON.stringify({ machine: after, ...report }) : formatReport(after, report));
}

async function runCluster(): Promise<void> {
  const progress = createProgress(toProgressOutput(process.stderr, process.env));
  const { facts, failures, clusterVersion } = await benchCluster(
    values.quick === true ? quickPlan : fullPlan,
    progress,
  );
  const rows = weigh(compare(facts), { loadBefore: machine.loadBefore, cores: cpus().length });
  const after = { ...finishMachine(), clusterVersion };
  const paint = toProgressOutput(process.stdout, process.env).isTerminal ? "colour" : "plain";
  if (values.json === true) console.log(JSON.stringify({ machine: after, rows, failures, facts }));
  else console.log(formatComparison(after, { rows, failures }, paint));
  if (rows.some(({ verdict }) => verdict === "not met")) process.exitCode = 1;
  else if (failures.length > 0 || rows.some(({ verdict }) => verdict === "inconclusive")) process.exitCode = 2;
}
