/** The cases of the sidecar in their order, and what a second try of them needs: the subjects that the bars name, and no others. */
import { runCases, type RunListener } from "../run-cases.ts";
import { abortsCase } from "./aborts.ts";
import { listBars } from "./bars.ts";
import { pinSelf } from "./cores.ts";
import { latencyCases } from "./latency.ts";
import { microCase } from "./micro.ts";
import type { BenchCase, BenchPlan } from "./plan.ts";
import { withStage } from "./stage.ts";
import { startupCase } from "./startup.ts";
import { streamsCase } from "./streams.ts";
import type { BenchReport, CaseBar } from "./tally.ts";
import { throughputCases } from "./throughput.ts";

/** Those in which other people's proxies are measured stand side by side: these keep running from one to the next. */
const isWithGuests = ({ guests = [] }: BenchCase): boolean => guests.length > 0;

/** All cases, in the order in which they are measured. */
const benchCases: readonly BenchCase[] = [
  startupCase,
  ...[...throughputCases, ...latencyCases].toSorted((a, b) => Number(isWithGuests(a)) - Number(isWithGuests(b))),
  microCase,
  abortsCase,
  streamsCase,
];

/** Names of all cases. */
export const caseNames: readonly string[] = benchCases.map(({ name }) => name);

/** Runs it; what it starts has ended when it returns. */
export async function benchSidecar(plan: Omit<BenchPlan, "onProgress">, listener: RunListener): Promise<BenchReport> {
  const full: BenchPlan = { ...plan, onProgress: listener.onProgress };
  full.onProgress("bundling");
  pinSelf();
  return withStage((stage) => {
    const onCaseEnd = async ({ guests = [] }: BenchCase, comes: readonly BenchCase[]): Promise<void> => {
      const later = new Set(comes.flatMap((each) => each.guests ?? []));
      for (const guest of guests) if (!later.has(guest)) await stage.end(guest);
    };
    const bars = listBars(plan.streams);
    return runCases({ cases: benchCases, bars, plan: full, stage, narrow: narrowPlan, onCaseEnd }, listener);
  });
}

/** The plan of a second try: the figures whose bars were not met, and the numbers of streams that these are about. */
function narrowPlan(plan: BenchPlan, unmet: readonly CaseBar[]): BenchPlan {
  const about = new Set(unmet.map(({ streams }) => streams));
  return {
    ...plan,
    figures: new Set(unmet.map(({ figure }) => figure)),
    streams: plan.streams.filter((count) => about.has(count)),
  };
}
