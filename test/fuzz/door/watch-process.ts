/**
 * Loaded into the fuzzed sidecar before its bundle (`--import`): writes a line now and then on how long its loop was held up, how much
 * of that was work, and what its memory is made of. The file is named by the query of this module's address.
 */
import { appendFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { ProcessSample } from "./process-samples.ts";

/** Between two lines, in ms. */
const everyMs = 200;

/** What the histogram tells of a loop that is not held up, in ms: its own resolution. */
const resolutionMs = 10;

const file = new URL(import.meta.url).searchParams.get("file") ?? "";
const delay = monitorEventLoopDelay({ resolution: resolutionMs });
delay.enable();
let before = process.cpuUsage();

setInterval(() => {
  const { user, system } = process.cpuUsage(before);
  before = process.cpuUsage();
  const { heapUsed, heapTotal, arrayBuffers } = process.memoryUsage();
  const sample: ProcessSample = {
    atMs: Date.now(),
    delayMs: Math.max(0, delay.max / 1e6 - resolutionMs),
    workMs: (user + system) / 1_000,
    heapUsed,
    heapTotal,
    arrayBuffers,
  };
  delay.reset();
  appendFileSync(file, `${JSON.stringify(sample)}\n`);
}, everyMs).unref();
