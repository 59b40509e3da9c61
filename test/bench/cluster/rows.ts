/** The rows of the comparison from what was measured: without us, with us, the bar, and whether it is met. Pure. */
import type { ClusterFacts } from "./bench.ts";
import type { KillRow } from "./kills.ts";
import { median } from "./latency.ts";

/** What is said of a bar. `inconclusive`: missed, but by a time on a machine that others kept busy. */
export type Verdict = "met" | "not met" | "inconclusive";

/** One question. Texts carry their units; `verdict` is absent where the row is only told. */
export interface ComparisonRow {
  readonly question: string;
  readonly without: string;
  readonly ours: string;
  readonly bar: string;
  readonly verdict?: Verdict;
  /** What the bar is about: a busy machine makes times longer, and nothing else. */
  readonly of?: "time";
}

/** Bars of this benchmark: seconds, milliseconds, MiB. */
const bars = {
  firstCallSeconds: 3.5,
  podsPerServer: 1,
  /** Above the bare passthrough beside it: P9 of the performance bars. */
  anonAboveBareMiB: 15,
  /** What a call may take longer where it takes at most `directMs` without us; where the machine is slower, as much more. */
  sidecarAddedMs: 0.5,
  aggregatorAddedMs: 1.5,
  directMs: 1,
  policyEditSeconds: 1,
  lostLater: 0,
} as const;

/** The rows of what was measured, in the order of the questions. */
export function compare(facts: Partial<ClusterFacts>): readonly ComparisonRow[] {
  return [
    ...(facts.firstCalls === undefined ? [] : compareFirstCalls(facts.firstCalls)),
    ...(facts.memory === undefined ? [] : compareMemory(facts.memory)),
    ...(facts.latency === undefined ? [] : compareLatency(facts.latency)),
    ...(facts.policyEdits === undefined ? [] : compareEdits(facts.policyEdits)),
    ...(facts.kills === undefined ? [] : compareKills(facts.kills)),
  ];
}

/** The rows as they hold on a machine with this load average before the run: above its cores, a missed time proves nothing. */
export function weigh(
  rows: readonly ComparisonRow[],
  { loadBefore, cores }: { readonly loadBefore: number; readonly cores: number },
): readonly ComparisonRow[] {
  if (loadBefore <= cores) return rows;
  return rows.map((row) =>
    row.of === "time" && row.verdict === "not met" ? { ...row, verdict: "inconclusive" } : row,
  );
}

const verdict = (isMet: boolean): "met" | "not met" => (isMet ? "met" : "not met");
const seconds = (values: readonly number[]): string => {
  const range = `${Math.min(...values).toFixed(1)}-${Math.max(...values).toFixed(1)}`;
  return `${median(values).toFixed(2)} s (${range})`;
};

function compareFirstCalls(firstCalls: ClusterFacts["firstCalls"]): readonly ComparisonRow[] {
  const without = seconds(firstCalls.plain);
  const row = (way: string, values: readonly number[]): ComparisonRow => ({
    question: `apply to first call, ${way}`,
    without,
    ours: seconds(values),
    bar: `<= ${bars.firstCallSeconds} s`,
    verdict: verdict(median(values) <= bars.firstCallSeconds),
    of: "time",
  });
  return [row("sidecar", firstCalls.throughSidecar), row("aggregator", firstCalls.throughAggregator)];
}

function compareMemory({ pods, ...memory }: ClusterFacts["memory"]): readonly ComparisonRow[] {
  const { appPlain, appOurs, sidecar, bare } = memory;
  const added = sidecar.anonMiB - bare.anonMiB;
  const mib = (value: number): string => `${value.toFixed(1)} MiB`;
  return [
    {
      question: "pods per server",
      without: String(pods.plain),
      ours: String(pods.ours),
      bar: String(bars.podsPerServer),
      verdict: verdict(pods.ours <= bars.podsPerServer),
    },
    {
      question: "memory of the server, anonymous",
      without: mib(appPlain.anonMiB),
      ours: mib(appOurs.anonMiB),
      bar: "",
    },
    {
      question: "memory of the sidecar, anonymous",
      without: `bare ${mib(bare.anonMiB)}`,
      ours: mib(sidecar.anonMiB),
      bar: `<= bare + ${bars.anonAboveBareMiB} MiB`,
      verdict: verdict(added <= bars.anonAboveBareMiB),
    },
  ];
}

function compareLatency({ direct, sidecar, aggregator }: ClusterFacts["latency"]): readonly ComparisonRow[] {
  const ms = (value: number): string => `${value.toFixed(2)} ms`;
  const slowness = Math.max(1, direct.p50Ms / bars.directMs);
  const rows = (way: string, through: typeof direct, barMs: number): readonly ComparisonRow[] => {
    const mostMs = barMs * slowness;
    const added = through.p50Ms - direct.p50Ms;
    const signed = (value: number): string => `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(2)}`;
    return [
      {
        question: `p50 of a call, ${way}`,
        without: ms(direct.p50Ms),
        ours: `${ms(through.p50Ms)} (${signed(added)})`,
        bar: `<= +${mostMs.toFixed(2)} ms`,
        verdict: verdict(added <= mostMs),
        of: "time",
      },
      {
        question: `p50 in the calmest round, ${way}`,
        without: ms(direct.calmP50Ms),
        ours: `${ms(through.calmP50Ms)} (${signed(through.calmP50Ms - direct.calmP50Ms)})`,
        bar: "",
      },
      {
        question: `p95 of a call, ${way}`,
        without: ms(direct.p95Ms),
        ours: `${ms(through.p95Ms)} (${signed(through.p95Ms - direct.p95Ms)})`,
        bar: "",
      },
    ];
  };
  return [...rows("sidecar", sidecar, bars.sidecarAddedMs), ...rows("aggregator", aggregator, bars.aggregatorAddedMs)];
}

function compareEdits(policyEdits: ClusterFacts["policyEdits"]): readonly ComparisonRow[] {
  const { annotation, chart, sessionsLost, restarts } = policyEdits;
  const row = (what: string, values: readonly number[]): ComparisonRow => ({
    question: `policy edit to effect, ${what}`,
    without: "never",
    ours: seconds(values),
    bar: `<= ${bars.policyEditSeconds} s`,
    verdict: verdict(median(values) <= bars.policyEditSeconds),
    of: "time",
  });
  return [
    row("annotation", annotation),
    row("chart", chart),
    {
      question: "lost by all edits: sessions, restarts",
      without: "",
      ours: `${sessionsLost}, ${restarts}`,
      bar: "0, 0",
      verdict: verdict(sessionsLost + restarts === 0),
    },
  ];
}

/** Rounds of one case are summed; the longest outage is told. Without us there is only the server to be killed. */
function compareKills(kills: ClusterFacts["kills"]): readonly ComparisonRow[] {
  const direct = kills.filter(({ way }) => way === "direct");
  const ours = Map.groupBy(
    kills.filter(({ way }) => way !== "direct"),
    ({ killed, replicas, way }) => `${killed} killed, ${replicas} ${replicas === 1 ? "replica" : "replicas"}, ${way}`,
  );
  return [...ours].map(([question, rows]) => ({
    question,
    without: rows.every(({ killed, replicas }) => killed === "server" && replicas === 1) ? tellLosses(direct) : "",
    ours: tellLosses(rows),
    // Whoever calls a sidecar that was killed past the aggregator has nobody who holds the call.
    ...(rows.every(({ killed, way }) => killed === "sidecar" && way === "sidecar")
      ? { bar: "" }
      : {
          bar: "only calls in flight",
          verdict: verdict(sum(rows, "lostLater") <= bars.lostLater),
          // A call that is answered too late is lost, too.
          of: "time" as const,
        }),
  }));
}

function sum(rows: readonly KillRow[], of: "lostBefore" | "lostInFlight" | "lostLater"): number {
  return rows.reduce((total, { losses }) => total + losses[of], 0);
}

function tellLosses(rows: readonly KillRow[]): string {
  const outage = Math.max(...rows.map(({ losses }) => losses.outageSeconds));
  const [before, inFlight, later] = [sum(rows, "lostBefore"), sum(rows, "lostInFlight"), sum(rows, "lostLater")];
  const ends = rows.some(({ recovery }) => recovery === "never") ? ", no end seen" : "";
  const text = `${inFlight} in flight, ${later} later${later === 0 ? "" : ` in ${outage.toFixed(1)} s`}${ends}`;
  return before === 0 ? text : `${text}; ${before} before`;
}
