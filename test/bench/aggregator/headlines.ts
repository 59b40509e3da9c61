/** What a run of the aggregator says in a few sentences. Sentences whose figures were not measured are left out. Pure. */
import { summarize } from "../report/describe.ts";
import { readFigures } from "../report/headlines.ts";
import type { BenchReport } from "../sidecar/tally.ts";

/** The sentences. */
export function findAggregatorHeadlines(report: BenchReport): readonly string[] {
  const tell = (units: Readonly<Record<string, string>>, say: (...values: readonly string[]) => string) => {
    const found = readFigures(report, units);
    return found === undefined ? [] : [say(...found)];
  };
  return [
    ...tell(
      { calls_300_servers_vs_one: "x" },
      (ratio) => `Over 300 servers under public names it carries ${ratio} of the calls that it carries to one server.`,
    ),
    ...tell(
      { list_6000_vs_static: "x" },
      (ratio) =>
        `A list of 6,000 tools is served ${ratio} as often as the same bytes by a server that does nothing else.`,
    ),
    ...tell(
      { sessions_10000_rss_mib: " MiB", idle_300_servers_rss_mib: " MiB" },
      (sessions, servers) =>
        `With 10,000 legacy sessions open it takes ${sessions}; 300 servers that nobody calls add ${servers} to one.`,
    ),
    ...tell(
      { discovery_1000_pods_ms: " ms", change_slowest_ms: " ms" },
      (discovery, change) =>
        `1,000 pods that appear at once are listed after ${discovery}, and a client sees a changed list after ${change} at the latest.`,
    ),
    ...tell(
      { relay_vs_mcp_hub: "x", list_vs_mcp_hub: "x" },
      (relay, list) =>
        `Before the same HTTP server it carries ${relay} of mcp-hub's calls, and ${list} of its lists of 20 servers.`,
    ),
    `${summarize(report)}.`,
  ];
}
