/** The aggregator's part of the page docs/benchmarks.md. Pure; whoever writes it formats it. */
import { describeRun } from "../report/describe.ts";
import { escape, formatList, formatTable } from "../report/page.ts";
import type { Told } from "../run-bench.ts";
import { findAggregatorHeadlines } from "./headlines.ts";
import { buildAggregatorTables } from "./tables.ts";

const introduction = `## The aggregator

What one endpoint before many servers costs. Everything of the aggregator comes from one run of \`npm run bench -- aggregator\` with \`--write\`;
with \`--peers\` it has other people's products beside it, which \`npm\` fetches for that run.`;

const explanation = `### How the aggregator is measured

- **The aggregator is the program of the image**, on a core of its own, in direct mode. The load, the servers and their sidecars' control ports
  are stand-ins that cost little, on another core. A cluster is one too, where pods are watched.
- **Capacity** is rounds per second of CPU of the process that is asked, whatever the load costs. Every answer is checked.
- **One server** is asked at its own endpoint, where nothing has another name. The 300 servers have an address each and are asked in turn.
- **A list** is read page by page, as clients read it. A server that hands out the same pages, ready-made, is read in the same way.
- **Sessions** are opened by \`initialize\` and left open, in a process with the heap that Node takes in a container of 1 GiB. At rest memory is read
  after collections, since what is garbage then says nothing of the servers.
- **A change** is counted from when a sidecar tells of it. Each server's list changes twice in a row: the second time waits for its turn.
- **mcp-hub** is asked over its REST interface, the aggregator by MCP; both have the same server behind them, without a sidecar.`;

/** The part. */
export function formatAggregatorSection(...[machine, facts, report]: Told): string {
  return [
    introduction,
    formatList(findAggregatorHeadlines(report)),
    explanation,
    `### The run of the aggregator\n\n${formatList(describeRun(machine, facts))}`,
    ...buildAggregatorTables(report).map((table) =>
      formatTable({ ...table, title: `Aggregator: ${table.title}` }, "###"),
    ),
    ...(report.notes.length === 0 ? [] : [`### Aggregator: Notes\n\n${formatList(report.notes.map(escape))}`]),
  ].join("\n\n");
}
