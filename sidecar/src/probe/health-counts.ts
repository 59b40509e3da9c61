/** Counts of health checks and of the circuit breaker, as Prometheus text. */
import { reasonList, reasons, toMetricLabel, type Reason } from "@outrigger/api/reasons";
import type { FeedState } from "@outrigger/api/feed";
import { gauge, counter } from "../telemetry/exposition.ts";
import { createHistogram, exposeHistogram, observe, type Histogram } from "../telemetry/histogram.ts";
import type { Breaker } from "../upstream/breaker/breaker.ts";

/** The counts of one server. */
export interface HealthCounts {
  readonly note: (result: "answered" | "failed", tookMs: number) => void;
  /** The lines; of the breaker only where there is one. */
  readonly expose: (feed: FeedState, breaker: Breaker | undefined) => string;
}

/** Upper bounds in seconds. */
const boundsSeconds = [0.001, 0.01, 0.1, 0.5, 1, 5, 10] as const;

/** Reasons of lists and of calls that tell the state of a server, too. */
const ofOtherAreas: ReadonlySet<Reason> = new Set([
  "ListFailed",
  "CircuitOpen",
  "UpstreamCredentialsUnavailable",
  "UpstreamCredentialsRefused",
]);

/** Every reason that a state of a server may have. */
const stateReasons = reasonList.filter((reason) => reasons[reason].area === "health" || ofOtherAreas.has(reason));

/** Creates the counts, at zero. */
export function createHealthCounts(): HealthCounts {
  const results: Durations = { answered: createHistogram(boundsSeconds), failed: createHistogram(boundsSeconds) };
  return {
    note: (result, tookMs) => observe(results[result], tookMs / 1_000),
    expose: ({ health }, breaker) =>
      exposeReason(health.reason) +
      [...exposeDurations(results)].join("\n") +
      "\n" +
      (breaker === undefined ? "" : exposeBreaker(breaker)),
  };
}

function exposeReason(current: Reason): string {
  const samples = stateReasons.map(
    (reason) => [`reason="${toMetricLabel(reason)}"`, reason === current ? 1 : 0] as const,
  );
  return gauge("sidecar_health_reason", "1 for the reason of that state.", samples);
}

type Durations = Readonly<Record<"answered" | "failed", Histogram>>;

function* exposeDurations(results: Durations): Generator<string> {
  const name = "outrigger_sidecar_health_check_duration_seconds";
  yield `# HELP ${name} Time of health checks by outcome: answered or failed.`;
  yield `# TYPE ${name} histogram`;
  for (const [result, times] of Object.entries(results))
    yield exposeHistogram(times, { name, labels: `result="${result}"` });
}

const breakerStates = ["Closed", "Open", "HalfOpen"] as const;

function exposeBreaker(breaker: Breaker): string {
  const kind = breaker.kind();
  const transitions = breaker.transitions();
  return (
    gauge(
      "sidecar_breaker_state",
      "1 for the state of the circuit breaker.",
      breakerStates.map((state) => [`state="${state}"`, state === kind ? 1 : 0]),
    ) +
    counter(
      "sidecar_breaker_transitions_total",
      "Changes of the circuit breaker, by the state that it came to.",
      breakerStates.map((state) => [`state="${state}"`, transitions[state]]),
    )
  );
}
