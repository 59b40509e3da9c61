/** Writes the report of a run for people. */
import type { RunReport } from "./run-fuzz.ts";
import { memoryBoundMiB, type Cost } from "./stage.ts";

/** A report with what the run saw beside it. Times in the units of their names. */
export interface SeenReport extends RunReport {
  readonly seconds: number;
  readonly peakMiB: number;
  readonly served: number;
  /** Calls of the ordinary client that the server broke. */
  readonly broken: number;
  readonly slowestMs: number;
  /** Requests that the server behind the sidecar got. */
  readonly reached: number;
}

/** Writes it, one fact to a line. */
export function formatReport(report: SeenReport): string {
  const { tried, scenarios, costs, failures } = report;
  const total = Object.values(tried).reduce((sum, each) => sum + each, 0);
  return [
    `seed ${report.seed}, ${report.seconds.toFixed(0)} s, ${total.toLocaleString("en")} inputs`,
    ...Object.entries(tried).map(([name, count]) => line(name, count.toLocaleString("en").padStart(9))),
    "scenarios",
    ...Object.entries(scenarios).map(([name, summary]) => line(name, `  ${summary}`)),
    "at worst".padEnd(nameWidth + 3) + columns.map(([title]) => title.padStart(columnWidth)).join(""),
    ...Object.entries(costs).map(([name, cost]) =>
      line(name, columns.map(([, key]) => cost[key].toFixed(0).padStart(columnWidth)).join("")),
    ),
    "held throughout",
    line("memory, MiB", `${report.peakMiB.toFixed(0).padStart(9)} of ${memoryBoundMiB}`),
    line("ordinary calls served", report.served.toLocaleString("en").padStart(9)),
    line("broken by the server", report.broken.toLocaleString("en").padStart(9)),
    line("slowest of them, ms", report.slowestMs.toFixed(0).padStart(9)),
    line("requests at the server", report.reached.toLocaleString("en").padStart(9)),
    failures.length === 0 ? "nothing broke" : `${failures.length} failures`,
    ...failures.map(
      ({ problem, where, file }) =>
        `  ${where}: ${problem}${file === undefined ? "" : `\n    npm run fuzz -- --replay ${file}`}`,
    ),
  ].join("\n");
}

const columnWidth = 15;
const nameWidth = 27;

/** The last two tell whose fault a wait is: what was no work was a busy machine, and clients and server share a loop of their own. */
const columns = [
  ["memory, MiB", "peakMiB"],
  ["its heap", "heapMiB"],
  ["its buffers", "buffersMiB"],
  ["loop held, ms", "delayMs"],
  ["of it work", "workMs"],
  ["our own loop", "ownDelayMs"],
] as const satisfies readonly (readonly [string, keyof Cost])[];

const line = (name: string, value: string): string => `  ${name.padEnd(nameWidth)} ${value}`;
