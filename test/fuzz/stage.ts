/** What one run stands on: the counting server, the sidecar before it, and the ordinary client; and what must hold at all times. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { waitFor } from "../fixtures/wait-for.ts";
import { startCountingApp, type CountingApp } from "./app/counting-app.ts";
import { startDoor, type DoorProcess } from "./door/door-process.ts";
import { startProbe, type Probe } from "./door/probe.ts";
import { policy } from "./names.ts";

/** Most memory that no file backs, in MiB: the memory limit of the container (`outrigger.dev/sidecar-memory-limit`). */
export const memoryBoundMiB = 160;

const mib = 1_024 ** 2;

/** What hangs has ended after this, in ms: the sidecar's call timeout, and time to notice. */
const settleWithinMs = 60_000;

/** Gauges of what is under way. */
const gauges = ["open_calls", "open_streams", "held_bytes", "waiting_calls"] as const;

/**
 * What a part of a run cost the sidecar. `workMs`: the part of the longest delay of its loop in which it had the processor.
 * `ownDelayMs`: the longest delay of the loop that clients and server share here, which the ordinary client waits for too.
 */
export interface Cost {
  readonly peakMiB: number;
  readonly heapMiB: number;
  readonly buffersMiB: number;
  readonly delayMs: number;
  readonly workMs: number;
  readonly ownDelayMs: number;
}

/** Everything of one run. */
export interface Stage {
  readonly app: CountingApp;
  readonly door: DoorProcess;
  readonly probe: Probe;
  readonly peakMiB: () => number;
  /** What the sidecar cost since this was last asked. */
  readonly costs: () => Cost;
  /** What of the invariants does not hold; undefined where all do. Tells each problem once. */
  readonly check: () => string | undefined;
  /** Waits until nothing is under way; what still is, or undefined. */
  readonly settle: () => Promise<string | undefined>;
  readonly close: () => Promise<void>;
}

/** Starts everything. */
export async function openStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "outrigger-fuzz-"));
  const app = await startCountingApp();
  const closeFirst = async (): Promise<void> => {
    app.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const door = await startDoor({ upstreamPort: app.port, folder, policy });
    return createStage({ app, door, closeFirst });
  } catch (error) {
    await closeFirst();
    throw error;
  }
}

function createStage(parts: {
  readonly app: CountingApp;
  readonly door: DoorProcess;
  readonly closeFirst: () => Promise<void>;
}): Stage {
  const { app, door, closeFirst } = parts;
  const probe = startProbe(door.port, app.endedUnsaid);
  const told = { forbidden: 0, strange: 0, repeated: 0, probe: 0, errors: 0, stderr: "", memoryMiB: memoryBoundMiB };
  let peakMiB = 0;
  let partMiB = 0;
  const sample = (): void => {
    const now = door.anonMiB() ?? 0;
    partMiB = Math.max(partMiB, now);
    peakMiB = Math.max(peakMiB, now);
  };
  const ownDelay = monitorEventLoopDelay();
  ownDelay.enable();
  const sampling = setInterval(sample, 100);
  const checks: readonly (() => string | undefined)[] = [
    () => (door.isRunning() ? undefined : `the sidecar has ended: ${door.stderr()}`),
    () => {
      const stderr = door.stderr();
      if (stderr === told.stderr) return undefined;
      told.stderr = stderr;
      return `the sidecar wrote to its error output: ${stderr}`;
    },
    () => tellNew(door.errors, told, "errors"),
    () => tellNew(app.forbidden, told, "forbidden"),
    () => tellNew(app.strange, told, "strange"),
    () => tellNew(app.repeated, told, "repeated"),
    () => tellNew(probe.problems, told, "probe"),
    () => {
      if (peakMiB <= told.memoryMiB) return undefined;
      told.memoryMiB = peakMiB;
      return `memory: ${peakMiB.toFixed(0)} MiB; ${memoryBoundMiB} are allowed`;
    },
  ];
  return {
    app,
    door,
    probe,
    peakMiB: () => peakMiB,
    costs: () => {
      sample();
      const { delayMs = 0, workMs = 0, heapTotal = 0, arrayBuffers = 0 } = door.worst() ?? {};
      const memory = { peakMiB: partMiB, heapMiB: heapTotal / mib, buffersMiB: arrayBuffers / mib };
      const cost = { ...memory, delayMs, workMs, ownDelayMs: ownDelay.max / 1e6 };
      partMiB = 0;
      ownDelay.reset();
      return cost;
    },
    check: () => {
      sample();
      for (const check of checks) {
        const problem = check();
        if (problem !== undefined) return problem;
      }
      return undefined;
    },
    settle: () => settle(door),
    close: async () => {
      clearInterval(sampling);
      await probe.stop();
      await door.stop();
      await closeFirst();
    },
  };
}

type Told = Record<"forbidden" | "strange" | "repeated" | "probe" | "errors", number>;

const sentences: Readonly<Record<keyof Told, string>> = {
  forbidden: "reached the server though it is forbidden",
  strange: "reached the server and is no MCP request",
  repeated: "a call ran twice",
  probe: "the ordinary client was not served",
  errors: "the sidecar logged an error",
};

function tellNew(list: readonly string[], told: Told, kind: keyof Told): string | undefined {
  const [first] = list.slice(told[kind]);
  told[kind] = list.length;
  return first === undefined ? undefined : `${sentences[kind]}: ${first}`;
}

/** The ordinary client's own call may be under way when the gauges are read: they are read until all are at rest at once. */
async function settle(door: DoorProcess): Promise<string | undefined> {
  let open = "";
  const isAtRest = async (): Promise<boolean> => {
    const values = await Promise.all(gauges.map(async (name) => [name, await door.gauge(name)] as const));
    open = values.flatMap(([name, value]) => (value === 0 ? [] : [`${name} ${value}`])).join(", ");
    return open === "";
  };
  try {
    await waitFor("nothing is under way", isAtRest, settleWithinMs);
    return undefined;
  } catch {
    return `still under way after ${settleWithinMs / 1_000} s: ${open}`;
  }
}
