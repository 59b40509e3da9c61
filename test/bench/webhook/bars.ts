/** The bars of the webhook, each with the case that measures its figure. */
import type { CaseBar } from "../sidecar/tally.ts";

/** The bars. Growth is judged as a soak judges it: by the slope over the second half. */
export const webhookBars: readonly CaseBar[] = [
  {
    ...{ id: "W1", case: "admission", figure: "handler_p99_ms", unit: "ms", atMost: 10 },
    question: "p99 in the webhook at 100 admissions/s from an API server",
  },
  {
    ...{ id: "W1", case: "review", figure: "review_p99_ms", unit: "ms", atMost: 10 },
    question: "p99 of its answers at 100 reviews/s, asked directly",
  },
  {
    ...{ id: "W2", case: "review", figure: "admission_vs_noop", unit: "x", atMost: 1.5 },
    question: "p50 of its answers at 100 reviews/s, asked directly, of a no-op webhook's of the same server",
  },
  {
    ...{ id: "W3", case: "burst", figure: "burst_refused_pods", unit: "pods", atMost: 0 },
    question: "pods that were refused, over all bursts",
  },
  {
    ...{ id: "W4", case: "decision", figure: "decision_10_containers_us", unit: "us", atMost: 300 },
    question: "CPU of decision and patch, pod of 10 containers",
  },
  {
    ...{ id: "W5", case: "memory", figure: "heap_growth_mib", unit: "MiB", atMost: 5 },
    question: "growth of live objects over the second half of many admissions",
  },
  {
    ...{ id: "W5", case: "memory", figure: "rss_growth_mib", unit: "MiB", atMost: 5 },
    question: "growth of resident memory over the second half of many admissions",
  },
];

/** What is asked, for people, of the figures that no bar asks for. */
export const webhookQuestions: Readonly<Record<string, string>> = {
  decision_vs_json: "CPU of decision and patch, 10 containers, of JSON.parse and JSON.stringify of the pod",
  decision_1_container_us: "CPU of decision and patch, pod of 1 container",
  decision_30_containers_us: "CPU of decision and patch, pod of 30 containers",
  review_cpu_vs_noop: "CPU of a review at 100/s, of the no-op webhook's",
  admission_p99_ms: "p99 of an admission at 100/s through the API server",
  admission_p99_vs_noop: "p99 of an admission at 100/s, of one through a no-op webhook",
  whole_admission_vs_noop: "p50 of a whole admission at 100/s, of one through a no-op webhook",
  whole_admission_vs_ready_made:
    "p50 of a whole admission at 100/s, of one through a webhook that hands out the same patches ready-made",
  ready_made_vs_noop:
    "p50 of a whole admission with a ready-made patch, of one through a no-op webhook: what the API server does with a patch",
  whole_admission_vs_none: "p50 of an admission at 100/s, of one without a webhook",
  seen_vs_noop: "mean time of the webhook as the API server counts it, of the no-op webhook's",
  burst_vs_noop: "time of a burst of pods, of one through a no-op webhook",
  burst_vs_ready_made: "time of a burst of pods, of one through a webhook that hands out the same patches ready-made",
  burst_ms: "time of a burst of pods",
};
