/** The bars of the sidecar, each with the case that measures its figure. Numbers P1 to P11 are those of the design's performance page. */
import type { CaseBar } from "./tally.ts";

/** The bars of so many streams. */
function barsOfStreams(count: number): readonly CaseBar[] {
  return ["", "_1_event_per_s"].flatMap((suffix): CaseBar[] => {
    const what = `${count.toLocaleString("en-US")} streams, ${suffix === "" ? "idle" : "1 event/s"}`;
    return [
      bar("P7", "streams", `with_${count}_streams${suffix}`, {
        question: `capacity for short calls with ${what}, of none open`,
        unit: "x",
        atLeast: 0.85,
        streams: count,
      }),
      bar("P7", "streams", `anon_kib_per_stream_of_${count}${suffix}`, {
        question: `anonymous memory of each of ${what}`,
        unit: "KiB",
        atMost: 24,
        streams: count,
      }),
    ];
  });
}

function bar(
  id: string,
  from: string,
  figure: string,
  rest: Pick<CaseBar, "question" | "unit" | "streams"> & ({ readonly atLeast: number } | { readonly atMost: number }),
): CaseBar {
  return { id, case: from, figure, ...rest };
}

const vsBare = (what: string): string => `capacity, ${what}, of the bare passthrough`;

/** The bars, in the order of their numbers. `streams`: the numbers of streams that a run opens. */
export function listBars(streams: readonly number[]): readonly CaseBar[] {
  return [
    bar("P1", "call-300B", "call_300B_vs_bare", { question: vsBare("call of 300 B"), unit: "x", atLeast: 0.85 }),
    bar("P2", "call-300B", "call_300B_vs_sdk_v1", {
      question: "capacity, call of 300 B, of the SDK v1 relay",
      unit: "x",
      atLeast: 12,
    }),
    bar("P2", "call-300B", "call_300B_vs_sdk_v2", {
      question: "capacity, call of 300 B, of the SDK v2 relay",
      unit: "x",
      atLeast: 18,
    }),
    bar("P2", "call-300B", "call_300B_vs_best_sdk", {
      question: "capacity, call of 300 B, of the better SDK relay",
      unit: "x",
      atLeast: 12,
    }),
    bar("P3", "call-10KB-in", "call_10KB_in_vs_bare", { question: vsBare("10 KB in"), unit: "x", atLeast: 0.75 }),
    bar("P3", "call-1MB-in", "body_1MB_vs_bare", { question: vsBare("1 MB in"), unit: "x", atLeast: 0.8 }),
    bar("P3", "call-1MB-out", "body_1MB_out_vs_bare", { question: vsBare("1 MB out"), unit: "x", atLeast: 0.9 }),
    bar("P3", "call-sse", "sse_vs_bare", { question: vsBare("answer as one event"), unit: "x", atLeast: 0.85 }),
    bar("P4", "micro", "scan_1MB_many_values_vs_parse", {
      question: "loop held by 1 MB of many values, of JSON.parse",
      unit: "x",
      atMost: 0.65,
    }),
    bar("P4", "micro", "scan_1MB_one_string_vs_parse", {
      question: "loop held by 1 MB in one string, of JSON.parse",
      unit: "x",
      atMost: 0.05,
    }),
    bar("P5", "latency", "added_p50_vs_bare", {
      question: "added p50 at 500 calls/s, of what bare adds",
      unit: "x",
      atMost: 1.35,
    }),
    bar("P5", "latency", "added_p90_vs_bare", {
      question: "added p90 at 500 calls/s, of what bare adds",
      unit: "x",
      atMost: 1.35,
    }),
    bar("P5", "latency", "added_p50_vs_sdk_v2", {
      question: "added p50 at 500 calls/s, of what the SDK v2 relay adds",
      unit: "x",
      atMost: 1 / 3,
    }),
    bar("P6", "denied", "denied_vs_bare", { question: vsBare("denied call"), unit: "x", atLeast: 1.2 }),
    bar("P6", "denied", "denied_calls_at_server", {
      question: "denied calls that reached the server",
      unit: "calls",
      atMost: 0,
    }),
    bar("P6", "limited", "limited_vs_bare", { question: vsBare("limited call"), unit: "x", atLeast: 1.2 }),
    bar("P6", "limited", "limited_calls_at_server", {
      question: "limited calls that reached the server",
      unit: "calls",
      atMost: 0,
    }),
    bar("P6", "list-20-filtered", "list_20_filtered_vs_bare", {
      question: vsBare("list of 20 tools, filtered"),
      unit: "x",
      atLeast: 0.8,
    }),
    ...streams.flatMap(barsOfStreams),
    bar("P8", "aborts", "abort_ms", {
      question: "200 streams aborted until the server knows",
      unit: "ms",
      atMost: 100,
    }),
    bar("P8", "aborts", "connections_opened_by_aborts", {
      question: "connections opened by aborts",
      unit: "connections",
      atMost: 0,
    }),
    bar("P8", "aborts", "flood_anon_mib", {
      question: "anonymous memory for 20 floods that nobody reads",
      unit: "MiB",
      atMost: 40,
    }),
    bar("P8", "aborts", "flood_late_growth_mib", {
      question: "its growth in the second half of 6 s",
      unit: "MiB",
      atMost: 4,
    }),
    bar("P9", "startup", "idle_anon_over_bare_mib", {
      question: "anonymous memory at rest, above bare",
      unit: "MiB",
      atMost: 15,
    }),
    bar("P9", "startup", "idle_rss_over_bare_mib", { question: "RSS at rest, above bare", unit: "MiB", atMost: 20 }),
    bar("P9", "call-300B", "load_anon_over_bare_mib", {
      question: "anonymous memory under load, above bare",
      unit: "MiB",
      atMost: 12,
    }),
    bar("P10", "startup", "start_vs_bare_http", {
      question: "start to ready with a compile cache, of node:http",
      unit: "x",
      atMost: 2.8,
    }),
    bar("P11", "micro", "decide_and_record_vs_parse", {
      question: "decision and metrics, of JSON.parse of 300 B",
      unit: "x",
      atMost: 0.5,
    }),
    bar("P11", "micro", "scan_300B_vs_parse", { question: "scan of 300 B, of JSON.parse", unit: "x", atMost: 1.1 }),
    bar("P11", "micro", "scrape_200_tools_vs_prom_client", {
      question: "scrape of 200 tools, of prom-client's",
      unit: "x",
      atMost: 0.45,
    }),
  ];
}
