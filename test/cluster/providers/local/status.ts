/** Reads what runs: state, versions, memory. Works from any process, and also for a cluster that is half dead. */
import { locateBinaries } from "./binaries/binaries.ts";
import { readVersions } from "./binaries/versions.ts";
import { listPids } from "./host/cgroups.ts";
import { readCpuSeconds, readPssBytes } from "./host/memory.ts";
import { findDeadDaemons, readDaemonPids } from "./node/daemons.ts";
import { readRecord, type HostRecord } from "./record.ts";
import type { LocalSettings } from "./settings.ts";
import { isReady } from "./start.ts";
import type { ClusterStatus, ProcessStatus } from "../../provider.ts";

/** Whether all daemons live, the node is Ready and DNS available. */
export async function isRunning(settings: LocalSettings): Promise<boolean> {
  const pids = await readDaemonPids(settings);
  if (pids.size === 0 || (await findDeadDaemons(settings)).length > 0) return false;
  return isReady(settings).catch(() => false);
}

/** Everything that `status` shows. */
export async function readLocalStatus(settings: LocalSettings): Promise<ClusterStatus> {
  const record = await readRecord(settings);
  if (record === undefined) return { state: "down", versions: new Map(), processes: [] };
  const pids = await listPids(settings);
  const sizes = await Promise.all(pids.map((pid) => readPssBytes(pid)));
  return {
    state: await describeState(settings, record),
    versions: await readVersions(await locateBinaries(record.binaries)),
    memory: { pssBytes: sizes.reduce((sum, size) => sum + size, 0), processes: pids.length },
    processes: await readProcesses(settings),
  };
}

async function describeState(settings: LocalSettings, record: HostRecord): Promise<string> {
  const dead = await findDeadDaemons(settings);
  if (dead.length > 0) return `broken: ${dead.join(", ")} ended`;
  if (!(await isRunning(settings))) return "not ready";
  const minutes = (Date.now() - record.startedAtMs) / 60_000;
  return `up for ${minutes.toFixed(0)} min`;
}

async function readProcesses(settings: LocalSettings): Promise<readonly ProcessStatus[]> {
  const pids = [...(await readDaemonPids(settings))];
  const reads = pids.map(async ([name, pid]) => {
    return { name, pid, cpuSeconds: await readCpuSeconds(pid), pssBytes: await readPssBytes(pid) };
  });
  return Promise.all(reads);
}
