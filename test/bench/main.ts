/** `npm run bench -- sidecar [--quick] [--rounds N] [--seconds S] [--json]`: measures and prints ratios of one run. */
import { execFileSync } from "node:child_process";
import { cpus, loadavg, release } from "node:os";
import { parseArgs } from "node:util";
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
const [subject = "sidecar"] = positionals;
if (subject !== "sidecar") {
  console.error(`no benchmark "${subject}"; there is: sidecar`);
  process.exit(2);
}

const machine = {
  node: process.version,
  cpu: `${cpus()[0]?.model.trim() ?? "unknown"} x ${cpus().length}`,
  kernel: release(),
  commit: readCommit(),
  pinned: isPinned,
  loadBefore: loadavg()[0] ?? Number.NaN,
};

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

const showProgress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
};

const report = await benchSidecar({
  rounds: Number(values.rounds ?? (values.quick === true ? 3 : 7)),
  seconds: Number(values.seconds ?? (values.quick === true ? 1 : 2)),
  onProgress: showProgress,
});
if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
const after = { ...machine, loadAfter: loadavg()[0] ?? Number.NaN };
console.log(values.json === true ? JSON.stringify({ machine: after, ...report }) : formatReport(after, report));
