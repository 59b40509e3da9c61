import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { replacePart } from "../report/parts.ts";
import type { Told } from "../run-bench.ts";
import type { ResultRow } from "../sidecar/plan.ts";
import { createTally, type BenchReport } from "../sidecar/tally.ts";
import { webhookBars, webhookQuestions } from "./bars.ts";
import { findDecisionFigures } from "./cases/decision.ts";
import { describeMemory } from "./cases/memory.ts";
import { findWebhookHeadlines } from "./headlines.ts";
import { toWebhookJson } from "./json.ts";
import { compareWindows, followSubject } from "./measure.ts";
import { formatSection } from "./page.ts";
import { webhookCaseNames } from "./plan.ts";
import { pods, usualPods } from "./pods.ts";
import { readReview } from "./reviews.ts";
import { reviewsFile } from "./stage.ts";
import { buildWebhookTables } from "./tables.ts";

const one = (med: number, clean = true) => ({ med, min: med, max: med, clean });
const row = (bench: ResultRow["bench"], rest: Partial<ResultRow> = {}): ResultRow => ({
  ...{ bench, case: "admission", subject: "webhook", rounds: 5, clean: true, ...rest },
});

/** Memory after each tenth of the reviews. */
const memory = (rss: (point: number) => number) =>
  describeMemory(Array.from({ length: 10 }, (_, at) => ({ reviews: 100 * (at + 1), rssMiB: rss(at), heapMiB: 15 })));

describe("the webhook's figures", () => {
  it("compare subjects within each round, and leave rounds out that others disturbed", () => {
    const window = (p50: number, disturbance = 0) => ({ p50, disturbance });
    const round = (webhook: ReturnType<typeof window>, other = window(10)) =>
      new Map([
        ["webhook", webhook],
        ["no-op webhook", other],
      ]);
    const rounds = [round(window(12)), round(window(13)), round(window(14)), round(window(90, 0.5))];
    const pair = { of: "webhook", by: "no-op webhook" };
    expect(compareWindows(rounds, pair, ({ p50 }) => p50)).toEqual({ med: 1.3, min: 1.2, max: 1.4, clean: true });
    expect(followSubject(rounds, "webhook", ({ p50 }) => p50)).toMatchObject({ med: 13, max: 14, rounds: 3 });
    const disturbed = rounds.slice(2);
    expect(compareWindows(disturbed, pair, ({ p50 }) => p50)).toMatchObject({ max: 9, clean: false });
  });

  it("set the decision in relation to the JSON of the same pod, round by round", () => {
    const times = {
      "decide and patch, 10 containers": [200_000, 100_000, 400_000],
      "parse and stringify, 10 containers": [4e5, 4e5, 4e5],
    };
    const figures = findDecisionFigures({ times, clean: true });
    expect(figures.decision_10_containers_us).toEqual({ med: 200, min: 100, max: 400, clean: true });
    expect(figures.decision_vs_json).toEqual({ med: 0.5, min: 0.25, max: 1, clean: true });
  });

  it("see growth over the second half, and none in what grew only while it warmed up", () => {
    expect(memory((at) => 100 + 3 * at).figures["rss_growth_mib"]?.med).toBeCloseTo(12);
    expect(memory((at) => 100 + Math.min(20, 5 * at)).figures["rss_growth_mib"]?.med).toBeCloseTo(0);
    expect(memory(() => 100).figures["heap_growth_mib"]?.med).toBe(0);
  });

  it("have a case behind each bar, and a bar or a question for each that is told", () => {
    expect(webhookBars.filter(({ case: name }) => !webhookCaseNames.some((each) => each === name))).toEqual([]);
    const barred = webhookBars.map(({ figure }) => figure);
    expect(new Set(barred).size).toBe(barred.length);
    expect(Object.keys(webhookQuestions).filter((name) => barred.includes(name))).toEqual([]);
  });
});

/** Paths of what an object was to have and has not; an API server adds members, and items at the end of lists. */
function findLost(found: unknown, wanted: unknown, path = ""): readonly string[] {
  if (typeof wanted !== "object" || wanted === null) return found === wanted ? [] : [path];
  return Object.entries(wanted).flatMap(([key, value]: [string, unknown]) =>
    findLost(Reflect.get(Object(found) as object, key), value, `${path}/${key}`),
  );
}

describe("the recorded reviews", () => {
  it.each([...usualPods, pods.ten, pods.thirty])("hold $name as an API server completes it", (kind) => {
    const { request } = JSON.parse(readReview(kind, reviewsFile)) as {
      readonly request: {
        readonly object: { readonly metadata: object; readonly spec: { readonly containers: readonly object[] } };
      };
    };
    expect(request.object.spec.containers).toHaveLength(kind.containers);
    expect(request.object.metadata).toHaveProperty("managedFields");
    // record.ts has to be run again where pods.ts has changed.
    expect(findLost(request.object, kind.pod)).toEqual([]);
  });

  it("are told where one is missing", () => {
    expect(() => readReview({ name: "another" }, reviewsFile)).toThrow("no review of another was recorded");
  });
});

const figures = {
  handler_p99_ms: one(2.4),
  admission_vs_noop: one(1.123456),
  burst_refused_pods: one(0),
  burst_vs_noop: one(1.2, false),
  burst_vs_ready_made: one(1.05),
  decision_10_containers_us: one(121),
  decision_vs_json: one(0.61),
  heap_growth_mib: one(0.1),
  rss_growth_mib: one(0.4),
};
const tally = createTally(webhookBars.filter((bar) => bar.case === "admission" || bar.figure === "admission_vs_noop"));
for (const name of ["admission", "review"]) tally.add(name, { rows: [], figures, notes: [] });
const report: BenchReport = {
  ...tally.report(),
  rows: [
    row("webhook-admission", { subject: "no webhook", p50us: one(4_000), p99us: one(9_000) }),
    row("webhook-admission", {
      p50us: one(5_000),
      p99us: one(11_000),
      seenMs: one(1.2),
      cpuUs: one(900),
    }),
    row("webhook-burst", { case: "burst of 1000", tookMs: one(4_000), callsPerSecond: one(250), refusedPods: one(0) }),
    row("webhook-review", { case: "review", p50us: one(900), p99us: one(2_000), cpuUs: one(700), clean: false }),
    row("webhook-decision", { case: "single steps", subject: "decide and patch", cpuUs: one(121) }),
    ...memory(() => 100).rows,
  ],
};
const machine = {
  ...{ node: "v24.0.0", cpu: "cpu", cores: 2, memoryGiB: 8, kernel: "6", commit: "abc", loadBefore: 0.1, loadAfter: 1 },
};
const facts = {
  ...{ command: "npm run bench -- webhook", flags: [], isPinned: true, rounds: 5, seconds: 4, tookSeconds: 580.4 },
  ...{ day: "2030-01-31", clusterVersion: "v1.34.4" },
};
const told: Told = [machine, facts, report];

describe("the webhook's report", () => {
  it("has a table for each case, with as many cells in every row as in its head", () => {
    const tables = buildWebhookTables(report);
    expect(tables.map(({ title }) => title)).toEqual([
      "Bars",
      "Admissions at 100/s",
      "Bursts",
      "Answers at 100/s",
      "Decision and patch",
      "Memory over many admissions",
      "Without a bar",
    ]);
    for (const { head, rows } of tables) for (const cells of rows) expect(cells).toHaveLength(head.length);
    expect(tables[1]?.rows).toEqual([
      ["no webhook", "4.00", "9.00", "", "", "5"],
      ["webhook", "5.00", "11.00", "1.20", "900", "5"],
    ]);
    expect(tables[3]?.rows[0]?.at(-1)).toBe("5 ~");
  });

  it("gives programs the ratios apart from the numbers of this machine, and the bars", () => {
    const json = toWebhookJson(...told);
    expect(json).toMatchObject({
      ratios: { admission_vs_noop: 1.12, burst_vs_noop: 1.2, decision_vs_json: 0.61 },
      numbers: { handler_p99_ms: 2.4, burst_refused_pods: 0, decision_10_containers_us: 121, heap_growth_mib: 0.1 },
      bars: [
        { id: "W1", figure: "handler_p99_ms", atMost: 10, verdict: "met" },
        { id: "W2", figure: "admission_vs_noop", atMost: 1.5, verdict: "met" },
      ],
    });
    expect(json).not.toHaveProperty("ratios.handler_p99_ms");
    expect(json).not.toHaveProperty("numbers.burst_vs_noop");
  });

  it("says in short what people ask, and leaves out what was not measured", () => {
    expect(findWebhookHeadlines(report)).toEqual([
      "At 100 admissions/s 99 of 100 reviews spend less than 2.40 ms in the webhook, and the median answer takes 1.12x of one of the same server that allows everything unseen.",
      "Of a burst of pods none is refused. It takes 1.20x ~ of the time of one that gets no sidecars, and 1.05x of one whose patches are ready-made: the rest is the API server's own work with them.",
      "Decision and patch of a pod of 10 containers take 121 µs of CPU: 0.61x of parsing and writing that pod as JSON.",
      "Over the second half of many admissions live objects grew by 0.10 MiB, resident memory by 0.40 MiB.",
      "2 of 2 bars met.",
    ]);
    expect(findWebhookHeadlines({ ...report, figures: {} })).toEqual(["2 of 2 bars met."]);
  });

  it("names the cluster that it was measured beside, and no flags where there are none", () => {
    expect(formatSection(...told)).toContain(
      "- npm run bench -- webhook, 2030-01-31, commit abc, Node v24.0.0, Kubernetes v1.34.4\n",
    );
  });
});

describe("the page of benchmarks", () => {
  const page = readFileSync(new URL("../../../docs/benchmarks.md", import.meta.url), "utf8");

  it("takes the webhook's part behind the sidecar's, and a new one in place of the old", () => {
    const first = replacePart(page, "webhook", "## The webhook\n\none");
    expect(first).toContain("## The run\n");
    expect(first.indexOf("## The webhook")).toBeGreaterThan(first.indexOf("## Bars"));
    const second = replacePart(first, "webhook", "## The webhook\n\ntwo");
    expect(second).toBe(first.replace("\none\n", "\ntwo\n"));
  });

  it("keeps the webhook's part where the sidecar's is written anew", () => {
    const both = replacePart(page, "webhook", "## The webhook");
    expect(replacePart(both, "sidecar", "# Benchmarks\n")).toMatch(
      /^# Benchmarks\n\n<!-- The webhook: .* -->\n\n## The webhook\n$/,
    );
    expect(replacePart("# Benchmarks\n", "sidecar", "# Again\n")).toBe("# Again\n");
  });
});
