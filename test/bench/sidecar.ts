/**
 * Cost of the sidecar beside a bare passthrough and beside no proxy at all, all in one run: subjects alternate, so that a
 * busy minute meets all of them. Capacity is CPU time per call; latency is measured at a low fixed rate.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleProgram } from "../bundle/bundle.ts";
import { quantile, runClosed, runOpen, type LoadCase } from "./load.ts";
import { pinSelf, startSubject, type Subject } from "./subjects.ts";

/** How much is measured. */
export interface BenchPlan {
  readonly rounds: number;
  readonly seconds: number;
  readonly onProgress: (text: string) => void;
}

/** Median, least and most of a series. */
export interface Spread {
  readonly med: number;
  readonly min: number;
  readonly max: number;
}

/** One subject in one case. `cpuUs`: CPU of the proxy per call; `callsPerCpuSecond`: its inverse. */
export interface CaseRow {
  readonly case: string;
  readonly subject: string;
  readonly callsPerSecond: Spread;
  readonly cpuUs?: Spread;
  readonly callsPerCpuSecond?: number;
  /** Capacity as a share of the bare passthrough's in the same case. */
  readonly ratioToBare?: number;
}

/** Latency of one subject at the fixed rate, in microseconds; `added` against no proxy. */
export interface LatencyRow {
  readonly subject: string;
  readonly p50us: number;
  readonly p90us: number;
  readonly addedP50us: number;
  readonly addedToBare?: number;
}

export interface MemoryRow {
  readonly subject: string;
  readonly rssMiB: number;
  readonly anonMiB: number;
}

export interface BenchReport {
  readonly cases: readonly CaseRow[];
  readonly latency: readonly LatencyRow[];
  readonly memory: readonly MemoryRow[];
}

const call = (name: string) => (id: number) =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${name}","arguments":{"text":"${"y".repeat(190)}"}}}`;

const cases: readonly LoadCase[] = [
  { name: "call of 300 bytes", body: call("tool_1"), answerHas: '"isError":false' },
  { name: "denied call", body: call("tool_denied"), answerHas: "Unknown tool" },
  {
    name: "list of 20 tools",
    body: (id) => `{"jsonrpc":"2.0","id":${id},"method":"tools/list"}`,
    answerHas: '"tool_19"',
  },
];

/** The whole job: an allow list, a deny list and a rate limit per tool that the load does not reach. */
const policy = {
  tools: { allow: ["tool_*"], deny: ["tool_denied", "tool_7"] },
  limits: [{ name: "per-tool", per: ["Tool"], rate: "9999999/s" }],
};

/** Longest warm-up of one subject in one case. */
const maxWarmUpSeconds = 15;

/**
 * Code is compiled in stages while it runs: measured earlier, the subject with more of it would look worse than it is. A subject is
 * warm when a second costs no less CPU per call than the best one before, three times in a row.
 */
async function warmUp(subject: Subject, load: LoadCase): Promise<void> {
  let best = Number.POSITIVE_INFINITY;
  for (let second = 0, steady = 0; second < maxWarmUpSeconds && steady < 3; second++) {
    const before = subject.cpuUs();
    const { answered } = await runClosed(subject, load, { connections: 32, seconds: 1 });
    const cpuUs = (subject.cpuUs() - before) / answered;
    steady = cpuUs < 0.97 * best ? 0 : steady + 1;
    best = Math.min(best, cpuUs);
  }
}

/** The flags of the image. */
const nodeFlags = ["--max-semi-space-size=2", "--max-old-space-size=64"];

/** Runs the benchmark; everything it starts has ended when it returns. */
export async function benchSidecar(plan: BenchPlan): Promise<BenchReport> {
  const folder = await mkdtemp(join(tmpdir(), "outrigger-bench-"));
  const started: Subject[] = [];
  try {
    plan.onProgress("bundling the sidecar");
    const bundle = await bundleProgram("sidecar", fileURLToPath(new URL("../..", import.meta.url)));
    const policyFile = join(folder, "policy.json");
    await writeFile(policyFile, JSON.stringify(policy));
    pinSelf();
    const program = (file: string): string => fileURLToPath(new URL(`programs/${file}`, import.meta.url));
    const upstream = await startSubject({ name: "no proxy", args: [program("upstream.ts")], core: "first" });
    started.push(upstream);
    const origin = `http://127.0.0.1:${upstream.port}`;
    const bare = await startSubject({
      name: "bare passthrough",
      args: [...nodeFlags, program("bare.ts"), origin],
      core: "last",
    });
    started.push(bare);
    const anywhere = "127.0.0.1:0";
    const sidecarArgs = [
      "--upstream",
      `${origin}/mcp`,
      "--listen",
      anywhere,
      "--control",
      anywhere,
      "--admin",
      anywhere,
    ];
    const sidecar = await startSubject({
      name: "sidecar",
      args: [
        ...nodeFlags,
        bundle,
        ...sidecarArgs,
        "--policy",
        policyFile,
        "--audit",
        "refusals",
        "--watch-stdin",
        "yes",
      ],
      core: "last",
    });
    started.push(sidecar);
    return await measure({ upstream, bare, sidecar }, plan);
  } finally {
    await Promise.all(started.map((subject) => subject.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

interface Subjects {
  readonly upstream: Subject;
  readonly bare: Subject;
  readonly sidecar: Subject;
}

async function measure(subjects: Subjects, plan: BenchPlan): Promise<BenchReport> {
  const { upstream, bare, sidecar } = subjects;
  const memory = [bare, sidecar].map((subject) => {
    const { rss, anon } = subject.memoryMiB();
    return { subject: subject.name, rssMiB: rss, anonMiB: anon };
  });
  const rows: CaseRow[] = [];
  for (const load of cases) {
    const isDenied = load.answerHas === "Unknown tool";
    // Nothing but the sidecar denies; its baseline is the bare passthrough's ordinary call.
    rows.push(...(await measureCase(load, isDenied ? [sidecar] : [bare, sidecar], plan)));
  }
  const [ordinary] = cases;
  const latency = ordinary === undefined ? [] : await measureLatency(ordinary, [upstream, bare, sidecar], plan);
  return { cases: withRatios(rows, bare.name), latency, memory };
}

async function measureCase(load: LoadCase, subjects: readonly Subject[], plan: BenchPlan): Promise<CaseRow[]> {
  const perSecond = new Map<string, number[]>();
  const cpuUs = new Map<string, number[]>();
  for (const subject of subjects) {
    plan.onProgress(`${load.name}: warming up ${subject.name}`);
    await warmUp(subject, load);
  }
  for (let round = 0; round < plan.rounds; round++) {
    plan.onProgress(`${load.name}: round ${round + 1} of ${plan.rounds}`);
    for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) {
      const before = subject.cpuUs();
      const result = await runClosed(subject, load, { connections: 32, seconds: plan.seconds });
      push(perSecond, subject.name, result.answered / result.seconds);
      push(cpuUs, subject.name, (subject.cpuUs() - before) / result.answered);
    }
  }
  return subjects.map((subject) => {
    const cpu = spread(cpuUs.get(subject.name) ?? []);
    return {
      case: load.name,
      subject: subject.name,
      callsPerSecond: spread(perSecond.get(subject.name) ?? []),
      cpuUs: cpu,
      callsPerCpuSecond: 1e6 / cpu.med,
    };
  });
}

/** Ratios against the bare passthrough of the same case; a denied call against its ordinary call. */
function withRatios(rows: readonly CaseRow[], bareName: string): CaseRow[] {
  const [ordinary] = cases;
  return rows.map((row) => {
    const same = rows.find((each) => each.subject === bareName && each.case === row.case);
    const base = same ?? rows.find((each) => each.subject === bareName && each.case === ordinary?.name);
    if (base?.cpuUs === undefined || row.cpuUs === undefined) return row;
    return { ...row, ratioToBare: base.cpuUs.med / row.cpuUs.med };
  });
}

async function measureLatency(load: LoadCase, subjects: readonly Subject[], plan: BenchPlan): Promise<LatencyRow[]> {
  const series = new Map<string, { p50: number[]; p90: number[] }>(
    subjects.map(({ name }) => [name, { p50: [], p90: [] }]),
  );
  for (let round = 0; round < plan.rounds; round++) {
    plan.onProgress(`latency at 500 calls/s: round ${round + 1} of ${plan.rounds}`);
    for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) {
      const { latenciesUs } = await runOpen(subject, load, { connections: 16, seconds: plan.seconds, perSecond: 500 });
      series.get(subject.name)?.p50.push(quantile(latenciesUs, 0.5));
      series.get(subject.name)?.p90.push(quantile(latenciesUs, 0.9));
    }
  }
  const medianOf = (name: string, which: "p50" | "p90"): number => spread(series.get(name)?.[which] ?? []).med;
  const [direct, bare] = subjects.map(({ name }) => medianOf(name, "p50"));
  return subjects.map(({ name }) => {
    const addedP50us = medianOf(name, "p50") - (direct ?? Number.NaN);
    const row = { subject: name, p50us: medianOf(name, "p50"), p90us: medianOf(name, "p90"), addedP50us };
    return addedP50us === 0
      ? row
      : { ...row, addedToBare: addedP50us / ((bare ?? Number.NaN) - (direct ?? Number.NaN)) };
  });
}

function push(map: Map<string, number[]>, key: string, value: number): void {
  map.set(key, [...(map.get(key) ?? []), value]);
}

/** The spread of a series. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { med: quantile(sorted, 0.5), min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}
