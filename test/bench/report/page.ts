/** A report as the page docs/benchmarks.md. Pure; whoever writes it formats it. */
import type { Machine } from "../machine.ts";
import type { BenchReport } from "../sidecar/run.ts";
import { describeRun, summarize, type RunFacts } from "./describe.ts";
import { buildTables, type Table } from "./tables.ts";

const introduction = `# Benchmarks

<!-- Written by \`npm run bench -- sidecar\` with \`--write\`. Do not edit. -->

What the sidecar costs, beside a bare passthrough of node:http and undici, relays made with the MCP SDKs, and other people's proxies.
Everything here comes from one run of \`npm run bench -- sidecar\` with \`--write\`; without it the same is printed.`;

const explanation = `How to read it:

- Ratios count, not absolute figures: those move with the machine and the hour. Subjects take turns within one run, and a ratio is taken
  between neighbours. In brackets stand the least and the most of all rounds.
- Capacity is calls per second of CPU at saturation with 32 connections. What is measured has a core for itself; the load and the server
  behind it have another.
- The sidecar does its whole work: it reads each message, checks an allow list, a deny list and a rate limit for each tool, and counts;
  it logs refusals. \`sidecar, no rules\` has no policy, \`sidecar, every call logged\` writes a line for each call.
- Node runs with the same flags everywhere, the other proxies with its defaults. The CPU of a proxy is its own process, never the server behind it. Latency counts from the time at which a call was due.
- \`~\`: others used the core in too many rounds. Such a figure meets its bar only with all of its rounds, and never misses it. A bar is
  missed only if two tries missed it.`;

/** The page. */
export function formatPage(machine: Machine, facts: RunFacts, report: BenchReport): string {
  const parts = [
    introduction,
    describeRun(machine, facts)
      .map((line) => `- ${line}`)
      .join("\n"),
    `${summarize(report)}.`,
    explanation,
    ...buildTables(report).map(formatTable),
    ...(report.notes.length === 0 ? [] : [`## Notes\n\n${report.notes.map((note) => `- ${escape(note)}`).join("\n")}`]),
  ];
  return `${parts.join("\n\n")}\n`;
}

function formatTable({ title, head, numbersFrom, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, at) => (at < numbersFrom ? "---" : "--:"));
  return [`## ${title}`, "", line(head), line(rule), ...rows.map((row) => line(row.map(escape)))].join("\n");
}

/** Text that means nothing to Markdown. */
function escape(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[|\\`*_[\]]|<(?=[a-z/!])/gi, String.raw`\$&`);
}
