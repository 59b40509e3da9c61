/** The command line of the benchmark: what is measured, how much, and what is done with it. Pure. */
import { parseArgs } from "node:util";
import type { BenchPlan, CasePlan } from "./sidecar/plan.ts";
import {
  fullAggregatorPlan,
  quickAggregatorPlan,
  usualAggregatorCases,
  type AggregatorPlan,
} from "./aggregator/plan.ts";
import { fullWebhookPlan, quickWebhookPlan, type WebhookPlan } from "./webhook/plan.ts";

/** What is measured, and how much of it. */
type Measured =
  | { readonly subject: "sidecar"; readonly plan: Omit<BenchPlan, "onProgress"> }
  | { readonly subject: "webhook"; readonly plan: Omit<WebhookPlan, "onProgress"> }
  | { readonly subject: "aggregator"; readonly plan: Omit<AggregatorPlan, "onProgress"> }
  | { readonly subject: "cluster" };

/** What is measured, and what to do with the report. */
export type BenchOptions = Measured & {
  readonly quick: boolean;
  readonly output: "text" | "json";
  /** Whether the exit code says how the bars stand. */
  readonly check: boolean;
  /** Whether the page of results is written. */
  readonly write: boolean;
  readonly anyNode: boolean;
};

/** Names of the cases of each benchmark that has some. */
export interface CaseNames {
  readonly sidecar: readonly string[];
  readonly webhook: readonly string[];
  readonly aggregator: readonly string[];
}

/** Options, or `help` where that is asked for, or one sentence that says what was wrong. */
export type ReadBenchOptions =
  { readonly ok: true; readonly options: BenchOptions | "help" } | { readonly ok: false; readonly problem: string };

const flags = {
  help: { type: "boolean", short: "h", default: false },
  quick: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  check: { type: "boolean", default: false },
  write: { type: "boolean", default: false },
  peers: { type: "boolean", default: false },
  "any-node": { type: "boolean", default: false },
  rounds: { type: "string" },
  secs: { type: "string" },
  seconds: { type: "string" },
  case: { type: "string", multiple: true, default: [] as string[] },
} as const;

/** How much is measured where nothing is said: the SDKs swing, so they need seven rounds; nobody judges what no bar asks for. */
const fullPlan = {
  ...{ rounds: 5, sdkRounds: 7, unbarredRounds: 3, extraRounds: 4 },
  ...{ seconds: 2, mostWarmUpSeconds: 12, streams: [1_000, 5_000] },
} as const;
const quickPlan = {
  ...{ rounds: 3, sdkRounds: 3, unbarredRounds: 3, extraRounds: 2 },
  ...{ seconds: 1, mostWarmUpSeconds: 4, streams: [1_000] },
} as const;

/** What a look while something is changed is about. */
const quickCases = ["startup", "call-300B", "denied", "limited", "list-20-filtered", "latency", "micro", "streams"];

/** Reads the arguments behind `npm run bench --`. */
export function readBenchOptions(args: readonly string[], caseNames: CaseNames): ReadBenchOptions {
  const parsed = parse(args);
  if (typeof parsed === "string") return refuse(parsed);
  const { values, positionals } = parsed;
  if (values.help) return { ok: true, options: "help" };
  const subject = readSubject(positionals);
  if (!subject.ok) return subject;
  if (values.write && (values.quick || values.case.length > 0))
    return refuse("--write needs the whole benchmark: a page of a part would look like all there is");
  const measured = readMeasured(subject.subject, values, caseNames);
  if (typeof measured === "string") return refuse(measured);
  const { quick, json, check, write } = values;
  const options = { quick, output: json ? ("json" as const) : ("text" as const), check, write };
  return { ok: true, options: { ...options, ...measured, anyNode: values["any-node"] } };
}

/** What `--help` prints. */
export function usage(caseNames: CaseNames): string {
  return `npm run bench -- sidecar [options]
npm run bench -- webhook [options]
npm run bench -- aggregator [options]
npm run bench -- cluster [--quick] [--json]

  --quick      fewer cases, shorter windows
  --case C     only this case, may be given again
               of the sidecar: ${caseNames.sidecar.join(", ")}
               of the webhook: ${caseNames.webhook.join(", ")}
               of the aggregator: ${caseNames.aggregator.join(", ")}
  --rounds N   rounds of every case
  --secs S     seconds of every window
  --check      exit code 1 where a bar is missed, 2 where one is unsure
  --write      writes its part of docs/benchmarks.md; only of a whole run
  --peers      of the aggregator: other people's products beside it, which npm fetches
  --json       the report as one object
  --any-node   also with another Node than the baseline's

It tells what it does and how long it still takes, on the error output, and ends with how long it took; docs/benchmarks.md says it of
the run that wrote it. Interrupted, it prints what it has, marked as a part, and ends with code 130.`;
}

const refuse = (problem: string): Extract<ReadBenchOptions, { ok: false }> => ({ ok: false, problem });

function readSubject(positionals: readonly string[]) {
  const [subject = "sidecar", ...rest] = positionals;
  if (subject !== "sidecar" && subject !== "webhook" && subject !== "aggregator" && subject !== "cluster")
    return refuse(`no benchmark "${subject}"; there are: sidecar, webhook, aggregator, cluster`);
  if (rest.length > 0) return refuse(`one benchmark at a time, not ${rest.join(" ")} as well`);
  return { ok: true, subject } as const;
}

type Values = Exclude<ReturnType<typeof parse>, string>["values"];

function readMeasured(subject: Measured["subject"], values: Values, caseNames: CaseNames): Measured | string {
  switch (subject) {
    case "sidecar": {
      const base = values.quick ? quickPlan : fullPlan;
      const asked = readPlan(values, base, values.quick ? quickCases : caseNames.sidecar, caseNames.sidecar);
      if (typeof asked === "string") return asked;
      // Who asks for a number of rounds has it everywhere.
      const { sdkRounds, unbarredRounds } =
        values.rounds === undefined ? base : { sdkRounds: asked.rounds, unbarredRounds: asked.rounds };
      return { subject, plan: { ...base, ...asked, sdkRounds, unbarredRounds } };
    }
    case "webhook": {
      const base = values.quick ? quickWebhookPlan : fullWebhookPlan;
      const asked = readPlan(values, base, caseNames.webhook, caseNames.webhook);
      return typeof asked === "string" ? asked : { subject, plan: { ...base, ...asked } };
    }
    case "aggregator":
      return readAggregatorPlan(values, caseNames.aggregator);
    case "cluster":
      return { subject };
  }
}

function readAggregatorPlan(values: Values, known: readonly string[]): Measured | string {
  const base = values.quick ? quickAggregatorPlan : fullAggregatorPlan;
  const asked = readPlan(values, base, values.peers ? known : usualAggregatorCases, known);
  return typeof asked === "string" ? asked : { subject: "aggregator", plan: { ...base, ...asked } };
}

type Base = Pick<CasePlan, "rounds" | "seconds" | "mostWarmUpSeconds">;

/** What every benchmark with cases may be asked for. `usual`: the cases where none is named. */
function readPlan(
  values: Values,
  base: Base,
  usual: readonly string[],
  known: readonly string[],
): (Base & Pick<CasePlan, "cases" | "tries">) | string {
  const rounds = readNumber(values.rounds, base.rounds, Number.isInteger);
  if (rounds === undefined) return "--rounds: expected a whole number from 1 to 30";
  const seconds = readNumber(values.secs ?? values.seconds, base.seconds, () => true);
  if (seconds === undefined) return "--secs: expected a number above 0 and at most 30";
  const cases = chooseCases(values.case, usual, known);
  if (typeof cases === "string") return cases;
  // Who asks for rounds that say little wants no long warm-up either.
  const mostWarmUpSeconds = Math.min(base.mostWarmUpSeconds, Math.ceil(10 * seconds));
  return { rounds, seconds, mostWarmUpSeconds, cases, tries: values.quick && !values.check ? 1 : 2 };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: flags });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const mostSeconds = 30;

function readNumber(text: string | undefined, fallback: number, fits: (value: number) => boolean): number | undefined {
  const value = text === undefined ? fallback : Number(text);
  return value > 0 && value <= mostSeconds && fits(value) ? value : undefined;
}

function chooseCases(
  asked: readonly string[],
  fallback: readonly string[],
  known: readonly string[],
): readonly string[] | string {
  const unknown = asked.filter((name) => !known.includes(name));
  if (unknown.length > 0) return `no case ${unknown.join(", ")}; there are: ${known.join(", ")}`;
  return asked.length === 0 ? fallback : asked;
}
