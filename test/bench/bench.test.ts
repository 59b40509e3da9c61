import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { waitFor } from "../fixtures/wait-for.ts";
import type { ResultRow } from "./sidecar/plan.ts";
import type { Spread } from "./stats/series.ts";

const run = promisify(execFile);
const script = fileURLToPath(new URL("main.ts", import.meta.url));
const command = ["--conditions=outrigger-source", script];
const bench = (...args: readonly string[]) => run(process.execPath, [...command, ...args], { maxBuffer: 1e7 });

const isMeasured = (value: Spread | undefined): boolean =>
  value !== undefined && value.min > 0 && value.max >= value.med;

it(
  "F-218 the script measures latency, CPU and memory beside a direct connection and comparable products",
  { timeout: 400_000 },
  async () => {
    const cases = ["--case", "latency-peers", "--case", "peers", "--quick", "--rounds", "1", "--secs", "0.1"];
    const { stdout } = await bench("sidecar", ...cases, "--json", "--any-node");
    // The script's own object, of which rows are read.
    const { rows, notes, ratios } = JSON.parse(stdout) as {
      readonly rows: readonly ResultRow[];
      readonly notes: readonly string[];
      readonly ratios: Readonly<Record<string, number>>;
    };
    expect(notes).toEqual([]);
    const products = ["supergateway 4.0.0", "mcp-proxy 6.7.19"];
    const of = (kind: ResultRow["bench"]): readonly ResultRow[] => rows.filter((row) => row.bench === kind);
    const proxies = ["bare passthrough", "sidecar", "sidecar, stdio", ...products];
    expect(of("latency").map(({ subject }) => subject)).toEqual(["no proxy", ...proxies]);
    for (const { p50us, p90us, cpuUs } of of("latency")) {
      expect([p50us, cpuUs].every(isMeasured)).toBe(true);
      expect(p90us!.med).toBeGreaterThanOrEqual(p50us!.med);
    }
    expect(of("throughput").map(({ subject }) => subject)).toEqual(proxies);
    for (const { cpuUs, anonMiB, rssMiB } of of("throughput")) {
      expect([cpuUs, anonMiB].every(isMeasured)).toBe(true);
      expect(rssMiB!.med).toBeGreaterThan(anonMiB!.med);
    }
    expect(ratios).toMatchObject({
      sidecar_vs_supergateway: expect.any(Number) as number,
      sidecar_vs_mcp_proxy: expect.any(Number) as number,
    });
  },
);

it(
  "the script measures the webhook's decisions, answers and memory beside a no-op webhook, with every answer checked",
  { timeout: 300_000 },
  async () => {
    const cases = ["--case", "decision", "--case", "review", "--case", "memory", "--rounds", "1", "--secs", "0.2"];
    const { stdout } = await bench("webhook", ...cases, "--quick", "--json", "--any-node");
    // The script's own object, of which these are read.
    const { rows, notes, ratios, numbers } = JSON.parse(stdout) as {
      readonly rows: readonly ResultRow[];
      readonly notes: readonly string[];
      readonly ratios: Readonly<Record<string, number>>;
      readonly numbers: Readonly<Record<string, number>>;
    };
    expect(notes).toEqual([]);
    const of = (kind: ResultRow["bench"]): readonly ResultRow[] => rows.filter((row) => row.bench === kind);
    expect(of("webhook-review").map(({ subject }) => subject)).toEqual(["webhook", "no-op webhook"]);
    for (const { p50us, p99us, cpuUs } of of("webhook-review")) {
      expect([p50us, cpuUs].every(isMeasured)).toBe(true);
      expect(p99us!.med).toBeGreaterThanOrEqual(p50us!.med);
    }
    expect(of("webhook-decision").map(({ subject }) => subject)).toContain("decide and patch, 10 containers");
    expect(of("webhook-memory")).toHaveLength(10);
    for (const { rssMiB, heapMiB } of of("webhook-memory")) expect(rssMiB!.med).toBeGreaterThan(heapMiB!.med);
    expect(Object.keys(ratios)).toEqual(expect.arrayContaining(["decision_vs_json", "admission_vs_noop"]));
    expect(Object.keys(numbers)).toEqual(expect.arrayContaining(["review_p99_ms", "heap_growth_mib"]));
  },
);

it(
  "an interrupted run prints what it had, marked as a part, and leaves nothing behind",
  { timeout: 120_000 },
  async () => {
    const cases = ["--case", "micro", "--case", "aborts", "--rounds", "1", "--secs", "0.1"];
    const child = spawn(process.execPath, [...command, "sidecar", ...cases, "--json", "--any-node"]);
    onTestFinished(() => void child.kill("SIGKILL"));
    const [told, printed] = [collect(child.stderr), collect(child.stdout)];
    await waitFor("the second case", () => told().includes("[2 of 2] aborts begins"), 60_000);
    const { pid = 0 } = child;
    const started = await waitFor("the server and its sidecar", () => {
      const pids = listChildren(pid);
      return pids.length > 1 && pids;
    });
    child.kill("SIGINT");
    expect(await once(child, "close")).toEqual([130, null]);
    // The script's own object.
    const { part, bars } = JSON.parse(printed()) as { readonly part: string; readonly bars: readonly { id: string }[] };
    expect(part).toBe("it was interrupted after 1 of 2 cases");
    expect([...new Set(bars.map(({ id }) => id))]).toEqual(["P4", "P11"]);
    await waitFor("all of them to end", () => started.every((each) => !existsSync(`/proc/${each}/exe`)));
  },
);

function collect(stream: Readable): () => string {
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  return () => text;
}

const listChildren = (pid: number): readonly string[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");

it("a wrong argument is refused with a sentence and code 2, before anything is started", async () => {
  await expect(bench("sidecar", "--case", "nothing", "--any-node")).rejects.toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringContaining("no case nothing; there are: startup, call-300B") as string,
  });
});
