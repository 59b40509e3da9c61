/**
 * From the start of a process to its first 200 on /readyz, and its memory a while later, against node:http alone. Each starts while those
 * before it are at rest; the memory of all is read at the end of a round, so that a round waits once and not for each.
 */
import { connect } from "node:net";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as yieldTurn, setTimeout as pause } from "node:timers/promises";
import { mostOthers } from "../stats/rounds.ts";
import { spread, type Spread } from "../stats/series.ts";
import { readCpuUs, readMemory, watchCore } from "./cores.ts";
import { shippedFlags } from "./lineup.ts";
import type { BenchCase, ResultRow } from "./plan.ts";
import type { Stage } from "./stage.ts";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { startProcess, type Process } from "./subject.ts";

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

const bare = "bare passthrough";
const bareHttp = "node:http, compile cache";
/** The sidecar as its image starts it. */
const shipped = "sidecar, compile cache";
const starters: readonly Starter[] = [
  { name: "node:http", program: "bare-http" },
  { name: bareHttp, program: "bare-http", cache: true },
  { name: bare, program: "bare" },
  { name: "sidecar", program: "sidecar" },
  { name: shipped, program: "sidecar", cache: true },
];

const settleMs = 1_500;
const mostStartMs = 20_000;
const usualStartSeconds = 0.5;

/** What two starters say together. */
interface StartFigure {
  readonly of: string;
  readonly by: string;
  readonly relate: (of: Start, by: Start) => number;
  /** Whether others on the core change it: they change no memory. */
  readonly isTime: boolean;
}

const figures: Readonly<Record<string, StartFigure>> = {
  start_vs_bare_http: { of: shipped, by: bareHttp, relate: (of, by) => of.ms / by.ms, isTime: true },
  start_cold_vs_bare_http: { of: "sidecar", by: "node:http", relate: (of, by) => of.ms / by.ms, isTime: true },
  idle_anon_over_bare_mib: { of: shipped, by: bare, relate: (of, by) => of.anon - by.anon, isTime: false },
  idle_rss_over_bare_mib: { of: shipped, by: bare, relate: (of, by) => of.rss - by.rss, isTime: false },
};

/** One round: the starts by the starter's name. */
type StartRound = ReadonlyMap<string, Start>;

/** The case. Its figures of memory are those at rest, after a start with the cache, as the image starts. */
export const startupCase: BenchCase = {
  name: "startup",
  expectSeconds: (plan) => plan.rounds * (starters.length * usualStartSeconds + settleMs / 1_000),
  run: async (stage, plan) => {
    const wanted = Object.entries(figures).filter(([name]) => plan.figures?.has(name) ?? true);
    const needed = new Set(wanted.flatMap(([, { of, by }]) => [of, by]));
    const chosen = starters.filter(({ name }) => plan.figures === undefined || needed.has(name));
    const cache = join(stage.folder, "compile-cache");
    await mkdir(cache, { recursive: true });
    // Whoever starts with a cache fills it once.
    await startRound(
      { stage, cache },
      chosen.filter((each) => each.cache),
    );
    const readOthers = watchCore();
    const rounds: StartRound[] = [];
    for (let round = 0; round < plan.rounds; round++) {
      plan.onProgress(`startup: round ${round + 1} of ${plan.rounds}`);
      rounds.push(await startRound({ stage, cache }, round % 2 === 0 ? chosen : chosen.toReversed()));
    }
    const cpuUs = rounds.flatMap((round) => [...round.values()]).reduce((sum, each) => sum + each.cpuUs, 0);
    const clean = readOthers(cpuUs) <= mostOthers;
    return {
      rows: chosen.map(({ name }) => describeRow(rounds, name, clean)),
      figures: Object.fromEntries(
        wanted.map(([name, figure]) => [name, { ...relateStarts(rounds, figure), clean: clean || !figure.isTime }]),
      ),
      notes: [],
    };
  },
};

function relateStarts(rounds: readonly StartRound[], { of, by, relate }: StartFigure): Spread {
  const values = rounds.flatMap((round) => {
    const [ours, theirs] = [round.get(of), round.get(by)];
    return ours === undefined || theirs === undefined ? [] : [relate(ours, theirs)];
  });
  return spread(values);
}

function describeRow(rounds: readonly StartRound[], name: string, clean: boolean): ResultRow {
  const starts = rounds.flatMap((round) => round.get(name) ?? []);
  return {
    bench: "startup",
    case: "start",
    subject: name,
    rounds: starts.length,
    clean,
    startMs: spread(starts.map(({ ms }) => ms)),
    rssMiB: spread(starts.map(({ rss }) => rss)),
    anonMiB: spread(starts.map(({ anon }) => anon)),
  };
}

interface Place {
  readonly stage: Stage;
  readonly cache: string;
}

/** A process that is ready. */
interface Started {
  readonly name: string;
  readonly program: Process;
  readonly ms: number;
}

/** Starts all, one after the other, and gives the memory of each when the last has been ready for a while. All have ended then. */
async function startRound(place: Place, chosen: readonly Starter[]): Promise<StartRound> {
  const programs: Process[] = [];
  try {
    const started: Started[] = [];
    for (const starter of chosen) started.push(await start(place, starter, (program) => programs.push(program)));
    await pause(settleMs);
    return new Map(started.map((each) => [each.name, readStart(each)]));
  } finally {
    await Promise.all(programs.map((program) => program.stop()));
  }
}

function readStart({ name, program, ms }: Started): Start {
  if (!program.isRunning()) throw new Error(`${name} ended once it was ready: ${program.stderr().trim()}`);
  return { ms, cpuUs: readCpuUs(program.pid), ...readMemory(program.pid) };
}

async function start({ stage, cache }: Place, starter: Starter, onStart: (program: Process) => void): Promise<Started> {
  const { args, port } = await commandOf(stage, starter);
  const startedMs = performance.now();
  const program = startProcess({ args, core: "last", env: starter.cache ? { NODE_COMPILE_CACHE: cache } : {} });
  onStart(program);
  while (!(await isReady(port))) {
    if (!program.isRunning() || performance.now() - startedMs > mostStartMs)
      throw new Error(`${starter.name} did not become ready: ${program.stderr().trim()}`);
    await yieldTurn();
  }
  const ms = performance.now() - startedMs;
  await waitForRest(program);
  return { name: starter.name, program, ms };
}

const restMs = 50;
const restCpuUs = 1_000;
const mostRestMs = 5_000;

/** Waits until a process uses next to nothing: what it still does would slow the start after it. */
async function waitForRest({ pid, isRunning }: Process): Promise<void> {
  for (let waitedMs = 0, before = -Infinity; waitedMs < mostRestMs && isRunning(); waitedMs += restMs) {
    const cpuUs = readCpuUs(pid);
    if (cpuUs - before < restCpuUs) return;
    before = cpuUs;
    await pause(restMs);
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
