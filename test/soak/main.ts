/**
 * `npm run soak -- [--minutes N] [--json]`: steady mixed load on the sidecar's bundle, and whether anything of it grows. Exit code 1:
 * something does, or was not answered. 2: the run could not be made.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startCountingApp } from "../fuzz/app/counting-app.ts";
import { startDoor, type DoorProcess } from "../fuzz/door/door-process.ts";
import { policy } from "../fuzz/names.ts";
import { startLoad, type Load } from "./load.ts";
import { formatSoak, isClean, judgeSeries, type SoakReport } from "./report.ts";
import type { Sample } from "./slope.ts";

/** Between two samples, in ms. */
const sampleMs = 2_000;

/** What is sampled, and by how much it may grow over the second half of a run: noise of the collector, and a few connections. */
const watched = [
  { name: "memory", unit: "MiB", mayGrow: 5, read: (door: DoorProcess) => door.anonMiB() },
  { name: "handles", unit: "open", mayGrow: 5, read: (door: DoorProcess) => door.handles() },
  { name: "streams", unit: "open", mayGrow: 3, read: (door: DoorProcess) => door.gauge("open_streams") },
  { name: "calls", unit: "open", mayGrow: 3, read: (door: DoorProcess) => door.gauge("open_calls") },
  { name: "held answers", unit: "bytes", mayGrow: 0, read: (door: DoorProcess) => door.gauge("held_bytes") },
] as const;

const { values: options } = parseArgs({
  options: { minutes: { type: "string", default: "60" }, json: { type: "boolean", default: false } },
});
const minutes = Number(options.minutes);
if (!(minutes > 0)) {
  console.error(`--minutes ${options.minutes}: expected a number above 0`);
  process.exit(2);
}
try {
  const report = await soak(minutes * 60);
  console.log(options.json ? JSON.stringify(report) : formatSoak(report));
  process.exitCode = isClean(report) ? 0 : 1;
} catch (error) {
  console.error(error);
  process.exitCode = 2;
}

async function soak(seconds: number): Promise<SoakReport> {
  const folder = await mkdtemp(join(tmpdir(), "outrigger-soak-"));
  const app = await startCountingApp();
  const closers: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true }), app.close];
  const end = (): void => void closeAll(closers).finally(() => process.exit(130));
  process.once("SIGINT", end).once("SIGTERM", end);
  try {
    const door = await startDoor({ upstreamPort: app.port, folder, policy });
    closers.push(door.stop);
    const load = startLoad(door);
    closers.push(load.stop);
    return await watch({ door, load, seconds }, app.forbidden);
  } finally {
    await closeAll(closers);
  }
}

/** Last opened, first closed. */
async function closeAll(closers: (() => unknown)[]): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

interface Soak {
  readonly door: DoorProcess;
  readonly load: Load;
  readonly seconds: number;
}

async function watch({ door, load, seconds }: Soak, forbidden: readonly string[]): Promise<SoakReport> {
  const startedMs = performance.now();
  const secondsSince = (): number => (performance.now() - startedMs) / 1_000;
  const samples = watched.map((): Sample[] => []);
  while (secondsSince() < seconds && door.isRunning()) {
    await pause(sampleMs);
    for (const [at, { read }] of watched.entries()) {
      const value = await read(door);
      if (value !== undefined) samples[at]?.push({ atSeconds: secondsSince(), value });
    }
    showProgress(`${secondsSince().toFixed(0)} of ${seconds} s, ${door.anonMiB()?.toFixed(1) ?? "?"} MiB`);
  }
  showProgress("");
  const problems = [
    ...load.problems,
    ...forbidden.map((each) => `reached the server though it is forbidden: ${each}`),
    ...door.errors.map((line) => `the sidecar logged an error: ${line}`),
    ...(door.isRunning() && door.stderr() === "" ? [] : [`the sidecar has ended or complained: ${door.stderr()}`]),
  ];
  const rows = watched.map(({ name, unit, mayGrow }, at) =>
    judgeSeries({ name, unit, mayGrow, samples: samples[at] ?? [] }),
  );
  return { seconds: secondsSince(), done: load.done, rows, problems };
}

/** A line that is written over itself, for people only. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}
