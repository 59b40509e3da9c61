/** What a run says in a few sentences, for who reads no table. Sentences whose figures were not measured are left out. Pure. */
import type { ResultRow } from "../sidecar/plan.ts";
import type { BenchReport } from "../sidecar/tally.ts";
import { summarize } from "./describe.ts";

/** The sentences. */
export function findHeadlines(report: BenchReport): readonly string[] {
  return [
    ...tellCapacity(report),
    ...tellPeers(report),
    ...tellLatency(report),
    ...tellStart(report),
    ...tellStreams(report),
    `${summarize(report)}.`,
  ];
}

/** Figures by their names with the unit that stands behind each, `~` where it was disturbed; undefined where one is missing. */
export function readFigures(
  { figures }: BenchReport,
  units: Readonly<Record<string, string>>,
): readonly string[] | undefined {
  const found = Object.entries(units).flatMap(([name, unit]) => {
    const figure = figures[name];
    if (figure === undefined || Number.isNaN(figure.med)) return [];
    return [`${figure.med.toFixed(Math.abs(figure.med) < 10 ? 2 : 0)}${unit}${figure.clean ? "" : " ~"}`];
  });
  return found.length === Object.keys(units).length ? found : undefined;
}

function rowOf({ rows }: BenchReport, bench: ResultRow["bench"], caseName: string, subject: string) {
  return rows.find((row) => row.bench === bench && row.case === caseName && row.subject === subject);
}

const microsecondsPerSecond = 1e6;

function tellCapacity(report: BenchReport): readonly string[] {
  const cpuUs = rowOf(report, "throughput", "call-300B", "sidecar")?.cpuUs?.med;
  const [bare, sdk] = readFigures(report, { call_300B_vs_bare: "x", call_300B_vs_best_sdk: "x" }) ?? [];
  if (cpuUs === undefined || bare === undefined || sdk === undefined) return [];
  const calls = Number((microsecondsPerSecond / cpuUs).toPrecision(2)).toLocaleString("en-US");
  return [
    `One core carries about ${calls} calls/s of 300 B through the sidecar: ${bare} of what it carries through a bare passthrough, ${sdk} of the better relay of the MCP SDKs.`,
  ];
}

function tellPeers(report: BenchReport): readonly string[] {
  const [supergateway, proxy] =
    readFigures(report, { sidecar_stdio_vs_supergateway: "x", sidecar_stdio_vs_mcp_proxy: "x" }) ?? [];
  if (supergateway === undefined || proxy === undefined) return [];
  return [
    `Before the same stdio server it carries ${supergateway} of supergateway's calls and ${proxy} of mcp-proxy's.`,
  ];
}

function tellLatency(report: BenchReport): readonly string[] {
  const [direct, bare, ours] = ["no proxy", "bare passthrough", "sidecar"].map(
    (subject) => rowOf(report, "latency", "latency", subject)?.p50us?.med,
  );
  if (direct === undefined || bare === undefined || ours === undefined) return [];
  const added = (us: number): string => `${((us - direct) / 1_000).toFixed(2)} ms`;
  return [`It adds ${added(ours)} to the median call at 500 calls/s, where the bare passthrough adds ${added(bare)}.`];
}

function tellStart(report: BenchReport): readonly string[] {
  const ms = rowOf(report, "startup", "start", "sidecar, compile cache")?.startMs?.med;
  const [start, anon] = readFigures(report, { start_vs_bare_http: "x", idle_anon_over_bare_mib: " MiB" }) ?? [];
  if (ms === undefined || start === undefined || anon === undefined) return [];
  return [
    `It is ready ${ms.toFixed(0)} ms after its start, ${start} of node:http alone, and holds ${anon} more memory than the bare passthrough.`,
  ];
}

function tellStreams(report: BenchReport): readonly string[] {
  const counts = Object.keys(report.figures).flatMap((name) => Number(/^with_(\d+)_streams$/.exec(name)?.[1] ?? []));
  const most = Math.max(...counts);
  const [calls, memory] =
    readFigures(report, { [`with_${most}_streams`]: "x", [`anon_kib_per_stream_of_${most}`]: " KiB" }) ?? [];
  if (calls === undefined || memory === undefined) return [];
  return [
    `With ${most.toLocaleString("en-US")} event streams open it carries ${calls} of the short calls that it carries with none, and each stream takes ${memory}.`,
  ];
}
