/** The command line of the benchmark: what is measured, how much, and what is done with it. Pure. */
import { parseArgs } from "node:util";
import type { BenchPlan } from "./sidecar/plan.ts";

/** What to do with the report. */
export interface BenchOptions {
  readonly subject: "sidecar" | "cluster";
  readonly quick: boolean;
  readonly output: "text" | "json";
  /** Whether the exit code says how the bars stand. */
  readonly check: boolean;
  /** Whether the page of results is written. */
  readonly write: boolean;
  readonly anyNode: boolean;
  readonly plan: Omit<BenchPlan, "onProgress">;
}

/** Options, or one sentence that says what was wrong. */
export type ReadBenchOptions =
  { readonly ok: true; readonly options: BenchOptions } | { readonly ok: false; readonly problem: string };

const flags = {
  quick: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  check: { type: "boolean", default: false },
  write: { type: "boolean", default: false },
  "any-node": { type: "boolean", default: false },
  rounds: { type: "string" },
  secs: { type: "string" },
  seconds: { type: "string" },
  case: { type: "string", multiple: true, default: [] as string[] },
} as const;

/** How much is measured where nothing is said: the SDKs swing, so they need seven rounds. */
const fullPlan = { rounds: 7, seconds: 2, mostWarmUpSeconds: 12, extraRounds: 4, streams: [1_000, 5_000] } as const;
const quickPlan = { rounds: 3, seconds: 1, mostWarmUpSeconds: 4, extraRounds: 2, streams: [1_000] } as const;

/** What a look while something is changed is about. */
const quickCases = ["startup", "call-300B", "denied", "limited", "list-20-filtered", "latency", "micro", "streams"];

/** Reads the arguments behind `npm run bench --`. */
export function readBenchOptions(args: readonly string[], caseNames: readonly string[]): ReadBenchOptions {
  const parsed = parse(args);
  if (typeof parsed === "string") return refuse(parsed);
  const { values, positionals } = parsed;
  const subject = readSubject(positionals);
  if (!subject.ok) return subject;
  if (values.write && (values.quick || values.case.length > 0))
    return refuse("--write needs the whole benchmark: a page of a part would look like all there is");
  const plan = readPlan(values, caseNames);
  if (typeof plan === "string") return refuse(plan);
  const { quick, json, check, write } = values;
  const options = { quick, output: json ? ("json" as const) : ("text" as const), check, write };
  return { ok: true, options: { ...options, subject: subject.subject, anyNode: values["any-node"], plan } };
}

const refuse = (problem: string): Extract<ReadBenchOptions, { ok: false }> => ({ ok: false, problem });

function readSubject(positionals: readonly string[]) {
  const [subject = "sidecar", ...rest] = positionals;
  if (subject !== "sidecar" && subject !== "cluster")
    return refuse(`no benchmark "${subject}"; there are: sidecar, cluster`);
  if (rest.length > 0) return refuse(`one benchmark at a time, not ${rest.join(" ")} as well`);
  return { ok: true, subject } as const;
}

type Values = Exclude<ReturnType<typeof parse>, string>["values"];

function readPlan(values: Values, caseNames: readonly string[]): BenchOptions["plan"] | string {
  const base = values.quick ? quickPlan : fullPlan;
  const rounds = readNumber(values.rounds, base.rounds, Number.isInteger);
  if (rounds === undefined) return "--rounds: expected a whole number from 1 to 30";
  const seconds = readNumber(values.secs ?? values.seconds, base.seconds, () => true);
  if (seconds === undefined) return "--secs: expected a number above 0 and at most 30";
  const cases = chooseCases(values.case, values.quick ? quickCases : caseNames, caseNames);
  if (typeof cases === "string") return cases;
  // Who asks for rounds that say little wants no long warm-up either.
  const mostWarmUpSeconds = Math.min(base.mostWarmUpSeconds, Math.ceil(10 * seconds));
  return { ...base, rounds, seconds, mostWarmUpSeconds, cases, tries: values.quick && !values.check ? 1 : 2 };
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
