/** How much is measured, and what a case gives. */
import type { Figure } from "../stats/rounds.ts";
import type { Spread } from "../stats/series.ts";
import type { SubjectName } from "./lineup.ts";
import type { Stage } from "./stage.ts";

/** How much is measured. `tries`: how often a case whose bar is not met may be measured; two of two have to miss it. */
export interface CasePlan {
  /** Rounds of what a bar asks for. */
  readonly rounds: number;
  /** Windows of each subject in a case that may be measured again where others disturbed them. */
  readonly extraRounds: number;
  readonly seconds: number;
  readonly mostWarmUpSeconds: number;
  readonly tries: 1 | 2;
  readonly cases: readonly string[];
  readonly onProgress: (text: string) => void;
}

/** How much is measured of the sidecar. */
export interface BenchPlan extends CasePlan {
  /** Rounds where relays of the SDKs are measured, since they swing. */
  readonly sdkRounds: number;
  /** Rounds of what no bar asks for. */
  readonly unbarredRounds: number;
  /** Numbers of streams that are held open, ascending. */
  readonly streams: readonly number[];
  /** Names of the figures that are measured again, with the subjects that they need and no others; absent: all. */
  readonly figures?: ReadonlySet<string>;
}

/** One subject in one case, as it is written to the results. Absent is what the case does not measure. */
export interface ResultRow {
  readonly bench:
    | ("throughput" | "latency" | "streams" | "startup" | "micro")
    | ("webhook-review" | "webhook-admission" | "webhook-burst" | "webhook-decision" | "webhook-memory")
    | ("aggregator-load" | "aggregator-memory" | "aggregator-times");
  readonly case: string;
  /** Measured in a second try. */
  readonly isAgain?: true;
  readonly subject: string;
  readonly rounds: number;
  /** False where others disturbed too many rounds. */
  readonly clean: boolean;
  readonly callsPerSecond?: Spread;
  /** CPU of the subject per call, or time per operation of a micro-benchmark, in microseconds. */
  readonly cpuUs?: Spread;
  readonly utilisation?: number;
  readonly ratioToBare?: Spread;
  /** Latencies in microseconds from the time at which a request was due. */
  readonly p50us?: Spread;
  readonly p90us?: Spread;
  readonly p99us?: Spread;
  readonly startMs?: Spread;
  readonly rssMiB?: Spread;
  readonly anonMiB?: Spread;
  /** Live objects of the heap, after a collection. */
  readonly heapMiB?: Spread;
  /** Time of the webhook as the API server counts it, mean of each window. */
  readonly seenMs?: Spread;
  /** Time for all pods of a burst, and how many of them were refused. */
  readonly tookMs?: Spread;
  readonly refusedPods?: Spread;
}

/** What a case found: rows, and figures by their name in `--json`. */
export interface CaseResult {
  readonly rows: readonly ResultRow[];
  readonly figures: Readonly<Record<string, Figure>>;
  /** What was not measured, a sentence each. */
  readonly notes: readonly string[];
}

/** A case of the benchmark. */
export interface BenchCase<S = Stage, P = BenchPlan> {
  readonly name: string;
  /** About how long it takes on a quiet machine. */
  readonly expectSeconds: (plan: P) => number;
  /** Subjects that end with the last case that measures them. */
  readonly guests?: readonly SubjectName[];
  /** Measures it. Rejects where what is measured does not answer rightly: then nothing of it is timed. */
  readonly run: (stage: S, plan: P) => Promise<CaseResult>;
}
