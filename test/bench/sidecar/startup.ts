/** From the start of a process to its first 200 on /readyz, and its memory a while later, against node:http alone. */
import { connect } from "node:net";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as yieldTurn, setTimeout as pause } from "node:timers/promises";
import { mostOthers } from "../stats/rounds.ts";
import { spread, type Spread } from "../stats/series.ts";
import { readCpuUs, readMemory, watchCore } from "./cores.ts";
import { shippedFlags } from "./lineup.ts";
import type { BenchCase, BenchPlan, ResultRow } from "./plan.ts";
import type { Stage } from "./stage.ts";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { startProcess } from "./subject.ts";

/** One start. Memory in MiB. */
interface Start {
  readonly ms: number;
  /** CPU of the process until it was ended, in microseconds. */
  readonly cpuUs: number;
  readonly rss: number;
  readonly anon: number;
}

/** Who is started. `cache`: with Node's compile cache, filled by a start before. */
interface Starter {
  readonly name: string;
  readonly program: "bare-http" | "bare" | "sidecar";
  readonly cache?: true;
}

const bareHttp = "node:http, compile cache";
/** The sidecar as its image starts it. */
const shipped = "sidecar, compile cache";
const starters: readonly Starter[] = [
  { name: "node:http", program: "bare-http" },
  { name: bareHttp, program: "bare-http", cache: true },
  { name: "bare passthrough", program: "bare" },
  { name: "sidecar", program: "sidecar" },
  { name: shipped, program: "sidecar", cache: true },
];

const settleMs = 1_500;
const mostStartMs = 20_000;

/** The case. Its figures of memory are those at rest, after a start with the cache, as the image starts. */
export const startupCase: BenchCase = {
  name: "startup",
  run: async (stage, plan) => {
    const cache = join(stage.folder, "compile-cache");
    await mkdir(cache, { recursive: true });
    for (const starter of starters.filter((each) => each.cache)) await start(stage, starter, cache);
    const starts = new Map<string, Start[]>(starters.map(({ name }) => [name, []]));
    const readOthers = watchCore();
    await measureStarts({ stage, plan, cache }, starts);
    const ours = [...starts.values()].flat().reduce((sum, { cpuUs }) => sum + cpuUs, 0);
    const clean = readOthers(ours) <= mostOthers;
    const series = (name: string, pick: (each: Start) => number): readonly number[] =>
      (starts.get(name) ?? []).map(pick);
    const set = (of: string, by: string, relate: (of: Start, by: Start) => number): Spread => {
      const [ours, theirs] = [starts.get(of) ?? [], starts.get(by) ?? []];
      const values = ours.flatMap((each, at) => {
        const other = theirs[at];
        return other === undefined ? [] : [relate(each, other)];
      });
      return spread(values);
    };
    return {
      rows: starters.map(({ name }): ResultRow => ({
        bench: "startup",
        case: "start",
        subject: name,
        rounds: series(name, ({ ms }) => ms).length,
        clean,
        startMs: spread(series(name, ({ ms }) => ms)),
        rssMiB: spread(series(name, ({ rss }) => rss)),
        anonMiB: spread(series(name, ({ anon }) => anon)),
      })),
      figures: {
        start_vs_bare_http: { ...set(shipped, bareHttp, (of, by) => of.ms / by.ms), clean },
        start_cold_vs_bare_http: { ...set("sidecar", "node:http", (of, by) => of.ms / by.ms), clean },
        // Whoever else computes changes no memory.
        idle_anon_over_bare_mib: { ...set(shipped, "bare passthrough", (of, by) => of.anon - by.anon), clean: true },
        idle_rss_over_bare_mib: { ...set(shipped, "bare passthrough", (of, by) => of.rss - by.rss), clean: true },
      },
      notes: [],
    };
  },
};

async function measureStarts(
  { stage, plan, cache }: { readonly stage: Stage; readonly plan: BenchPlan; readonly cache: string },
  starts: ReadonlyMap<string, Start[]>,
): Promise<void> {
  for (let round = 0; round < plan.rounds; round++) {
    plan.onProgress(`startup: round ${round + 1} of ${plan.rounds}`);
    for (const starter of round % 2 === 0 ? starters : starters.toReversed())
      starts.get(starter.name)?.push(await start(stage, starter, cache));
  }
}

async function start(stage: Stage, starter: Starter, cache: string): Promise<Start> {
  const { args, port } = await commandOf(stage, starter);
  const startedMs = performance.now();
  const program = startProcess({ args, core: "last", env: starter.cache ? { NODE_COMPILE_CACHE: cache } : {} });
  try {
    while (!(await isReady(port))) {
      if (!program.isRunning() || performance.now() - startedMs > mostStartMs)
        throw new Error(`${starter.name} did not become ready: ${program.stderr().trim()}`);
      await yieldTurn();
    }
    const ms = performance.now() - startedMs;
    await pause(settleMs);
    if (!program.isRunning()) throw new Error(`${starter.name} ended once it was ready: ${program.stderr().trim()}`);
    return { ms, cpuUs: readCpuUs(program.pid), ...readMemory(program.pid) };
  } finally {
    await program.stop();
  }
}

/** The command of a start, and the port on which it tells that it is ready. */
async function commandOf(
  { programs, direct, policyFile }: Stage,
  { program }: Starter,
): Promise<{ readonly args: readonly string[]; readonly port: number }> {
  const [data, control, admin] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const origin = `http://127.0.0.1:${direct.port}`;
  switch (program) {
    case "bare-http":
      return { args: [...shippedFlags, programs["bare-http"], String(data)], port: data };
    case "bare":
      return { args: [...shippedFlags, programs.bare, origin, "127.0.0.1", String(data)], port: data };
    case "sidecar": {
      const addresses = ["--listen", data, "--control", control, "--admin", admin].map((each) =>
        typeof each === "number" ? `127.0.0.1:${each}` : each,
      );
      const own = [
        "--upstream",
        `${origin}/mcp`,
        "--policy",
        policyFile,
        "--watch-stdin",
        "yes",
        "--drain-seconds",
        "0",
      ];
      return { args: [...shippedFlags, programs.sidecar, ...addresses, ...own], port: admin };
    }
  }
}

/** Asks for /readyz once. Whoever is not there refuses the connection. */
function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("data", (chunk) => {
      socket.destroy();
      resolve(/^HTTP\/1\.1 20\d /.test(chunk.toString("latin1", 0, 16)));
    });
    socket.once("close", () => resolve(false));
    socket.write(`GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
  });
}
