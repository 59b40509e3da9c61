/** The report of a benchmark as text for people: one table a question, ratios last. Pure. */
import type { BenchReport, Spread } from "./sidecar.ts";

/** What the report says of the machine. */
export interface Machine {
  readonly node: string;
  readonly cpu: string;
  readonly kernel: string;
  readonly commit: string;
  readonly pinned: boolean;
  readonly loadBefore: number;
  readonly loadAfter: number;
}

const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
const range = (value: Spread, digits: number): string =>
  `${value.med.toFixed(digits)} (${value.min.toFixed(digits)}-${value.max.toFixed(digits)})`;
const ratio = (value: number | undefined): string => (value === undefined ? "" : `${value.toFixed(2)}x`);

/** Lays out rows under heads; numbers to the right, the first two columns to the left. */
function layOut(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) =>
        at < 2 && head.length > 4
          ? cell.padEnd(widths[at] ?? 0)
          : at === 0
            ? cell.padEnd(widths[at] ?? 0)
            : cell.padStart(widths[at] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** The whole report. */
export function formatReport(machine: Machine, report: BenchReport): string {
  const header = [
    `commit ${machine.commit}, Node ${machine.node}, ${machine.cpu}, Linux ${machine.kernel}, ${machine.pinned ? "pinned to cores" : "not pinned"}`,
    `load average ${machine.loadBefore.toFixed(1)} before, ${machine.loadAfter.toFixed(1)} after; compare within this run only`,
  ].join("\n");
  const cases = layOut(
    ["case", "subject", "calls/s", "CPU µs per call", "calls per CPU second", "capacity vs bare"],
    report.cases.map((row) => [
      row.case,
      row.subject,
      whole(row.callsPerSecond.med),
      row.cpuUs === undefined ? "" : range(row.cpuUs, 1),
      row.callsPerCpuSecond === undefined ? "" : whole(row.callsPerCpuSecond),
      ratio(row.ratioToBare),
    ]),
  );
  const latency = layOut(
    ["500 calls/s", "p50 µs", "p90 µs", "added p50 µs"],
    report.latency.map((row) => [
      row.subject,
      whole(row.p50us),
      whole(row.p90us),
      row.addedToBare === undefined ? "" : `${whole(row.addedP50us)} (${ratio(row.addedToBare)} of bare's)`,
    ]),
  );
  const memory = layOut(
    ["idle memory", "RSS MiB", "anonymous MiB"],
    report.memory.map((row) => [row.subject, row.rssMiB.toFixed(1), row.anonMiB.toFixed(1)]),
  );
  return [header, cases, latency, memory].join("\n\n");
}
