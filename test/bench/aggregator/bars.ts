/** The bars of the aggregator, each with the case that measures its figure. P12 is that of the design's performance page, G are the gateway's. */
import type { CaseBar } from "../sidecar/tally.ts";

/** The bars. Capacity is calls per second of CPU, as everywhere. */
export const aggregatorBars: readonly CaseBar[] = [
  {
    ...{ id: "P12", case: "throughput", figure: "calls_300_servers_vs_one", unit: "x", atLeast: 0.8 },
    question: "capacity for calls over 300 servers under public names, of one server under its own names",
  },
  {
    ...{ id: "P12", case: "list", figure: "list_6000_vs_static", unit: "x", atLeast: 0.5 },
    question:
      "tools/list of 6,000 tools over all pages, of the same bytes from a server that hands them out ready-made",
  },
  {
    ...{ id: "P12", case: "idle", figure: "idle_300_servers_rss_mib", unit: "MiB", atMost: 12 },
    question: "resident memory of 300 servers at rest, above one server",
  },
  {
    ...{ id: "G1", case: "sessions", figure: "sessions_10000_rss_mib", unit: "MiB", atMost: 1_024 },
    question: "resident memory with 10,000 legacy sessions open",
  },
  {
    ...{ id: "G2", case: "discovery", figure: "discovery_1000_pods_ms", unit: "ms", atMost: 5_000 },
    question: "1,000 pods appear until all of their servers are listed",
  },
  {
    ...{ id: "G3", case: "change", figure: "change_slowest_ms", unit: "ms", atMost: 1_000 },
    question: "a list changes until a client sees it, the slowest",
  },
];

/** What is asked, for people, of the figures that no bar asks for. */
export const aggregatorQuestions: Readonly<Record<string, string>> = {
  session_rss_kib: "resident memory of each of 10,000 legacy sessions",
  idle_server_rss_kib:
    "resident memory of each of 300 servers at rest, with its catalogue of 20 tools and its part of the index",
  change_median_ms: "a list changes until a client sees it, the median",
  relay_vs_mcp_hub: "capacity for calls to one HTTP server, of mcp-hub's",
  list_vs_mcp_hub: "capacity for lists of the tools of 20 HTTP servers, of mcp-hub's",
};
