/** Measures what a subject costs while something happens: its CPU, and who else used its core meanwhile. */
import { readCpuUs, readTreeCpuUs, watchCore } from "./cores.ts";
import type { Stage } from "./stage.ts";
import type { Subject } from "./subject.ts";

/** What was used between start and end of a measurement; shares of one core from 0 to 1. */
export interface Use {
  readonly cpuUs: number;
  /** All subjects with what they started. */
  readonly utilisation: number;
  /** Others on the same core; 0 where nothing is pinned. */
  readonly othersShare: number;
}

/** Starts to measure; the function that it gives ends it. */
export function startMeter(stage: Stage, subject: Subject): () => Use {
  const readOurs = (): number => stage.pids().reduce((sum, pid) => sum + readTreeCpuUs(pid), 0);
  const readOthers = watchCore();
  const before = { cpu: readCpuUs(subject.pid), ours: readOurs(), ms: performance.now() };
  return () => {
    const elapsedUs = (performance.now() - before.ms) * 1_000;
    const oursUs = readOurs() - before.ours;
    return {
      cpuUs: readCpuUs(subject.pid) - before.cpu,
      utilisation: oursUs / elapsedUs,
      othersShare: readOthers(oursUs),
    };
  };
}
