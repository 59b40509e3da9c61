/** What a run of the webhook says in a few sentences. Sentences whose figures were not measured are left out. Pure. */
import { readFigures } from "../report/headlines.ts";
import { summarize } from "../report/describe.ts";
import type { BenchReport } from "../sidecar/tally.ts";

/** The sentences. */
export function findWebhookHeadlines(report: BenchReport): readonly string[] {
  const tell = (units: Readonly<Record<string, string>>, say: (...values: readonly string[]) => string) => {
    const found = readFigures(report, units);
    return found === undefined ? [] : [say(...found)];
  };
  return [
    ...tell(
      { handler_p99_ms: " ms", admission_vs_noop: "x" },
      (p99, ratio) =>
        `At 100 admissions/s 99 of 100 reviews spend less than ${p99} in the webhook, and the median answer takes ${ratio} of one of the same server that allows everything unseen.`,
    ),
    ...tell(
      { burst_refused_pods: "", burst_vs_noop: "x", burst_vs_ready_made: "x" },
      (refused, ratio, readyMade) =>
        `Of a burst of pods ${Number(refused) === 0 ? "none" : refused} is refused. It takes ${ratio} of the time of one that gets no sidecars, and ${readyMade} of one whose patches are ready-made: the rest is the API server's own work with them.`,
    ),
    ...tell(
      { decision_10_containers_us: " µs", decision_vs_json: "x" },
      (cpu, ratio) =>
        `Decision and patch of a pod of 10 containers take ${cpu} of CPU: ${ratio} of parsing and writing that pod as JSON.`,
    ),
    ...tell(
      { heap_growth_mib: " MiB", rss_growth_mib: " MiB" },
      (heap, rss) => `Over the second half of many admissions live objects grew by ${heap}, resident memory by ${rss}.`,
    ),
    `${summarize(report)}.`,
  ];
}
