/** A report as the page docs/benchmarks.md. Pure; whoever writes it formats it. */
import type { Machine } from "../machine.ts";
import type { BenchReport } from "../sidecar/tally.ts";
import { describeRun, type RunFacts } from "./describe.ts";
import { findHeadlines } from "./headlines.ts";
import { buildTables, type Table } from "./tables.ts";

const introduction = `# Benchmarks

<!-- Written by \`npm run bench -- sidecar\` with \`--write\`. Do not edit. -->

What the sidecar costs, beside a bare passthrough of node:http and undici that reads and decides nothing, relays made with the MCP SDKs,
and other people's proxies; below what the webhook costs, once its benchmark has written it. Everything of the sidecar comes from one run of
\`npm run bench -- sidecar\` with \`--write\`; without it the same is printed, with \`--quick\` a part of it from shorter windows.`;

const explanation = `## How to read it

- **Ratios count**, not absolute figures: those move with the machine and the hour. Subjects take turns within one run, and a ratio is
  taken between neighbours. In brackets stand the least and the most of all rounds.
- **Capacity** is calls per second of CPU at saturation, over 32 connections, 8 where requests have 1 MB. What is measured has a core for
  itself; the load and the server behind it have another. The CPU of a proxy is its own process, never the server behind it.
- **Latency** counts from the time at which a call was due, whether or not it could be sent then.
- **The sidecar does its whole work**: it reads each message, checks an allow list, a deny list and a rate limit for each tool, counts,
  and logs refusals. \`sidecar, no rules\` has no policy; \`sidecar, every call logged\` writes a line for each call.
- Node runs with the same flags everywhere, other people's proxies with its defaults.
- **A bar** is what a figure has to reach; its median decides. \`~\` means that others used the core in too many rounds: such a figure
  meets its bar only with all of its rounds, and never misses it. A bar is missed only if two tries missed it.`;

/** The page. */
export function formatPage(machine: Machine, facts: RunFacts, report: BenchReport): string {
  const parts = [
    introduction,
    `## In short\n\n${formatList(findHeadlines(report))}`,
    explanation,
    `## The run\n\n${formatList(describeRun(machine, facts))}`,
    ...buildTables(report).map((table) => formatTable(table)),
    ...(report.notes.length === 0 ? [] : [`## Notes\n\n${formatList(report.notes.map(escape))}`]),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** Sentences as a list. */
export const formatList = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join("\n");

/** A table under its heading, of level `##` where nothing else is said. */
export function formatTable({ title, about, head, numbersFrom, rows }: Table, level = "##"): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, at) => (at < numbersFrom ? "---" : "--:"));
  return [`${level} ${title}`, "", about, "", line(head), line(rule), ...rows.map((row) => line(row.map(escape)))].join(
    "\n",
  );
}

/** Text that means nothing to Markdown. */
export function escape(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[|\\`*_[\]]|<(?=[a-z/!])/gi, String.raw`\$&`);
}
