import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import type { ResultRow } from "./sidecar/plan.ts";
import type { Spread } from "./stats/series.ts";

const run = promisify(execFile);
const script = fileURLToPath(new URL("main.ts", import.meta.url));
const bench = (...args: readonly string[]) =>
  run(process.execPath, ["--conditions=outrigger-source", script, ...args], { maxBuffer: 1e7 });

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

it("a wrong argument is refused with a sentence and code 2, before anything is started", async () => {
  await expect(bench("sidecar", "--case", "nothing", "--any-node")).rejects.toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringContaining("no case nothing; there are: startup, call-300B") as string,
  });
});
