/** The order of an end: processes, namespaces, network, cgroups, values and folders of the machine, state. It then looks whether anything is left. */
import { rm } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { listPids, removeCgroups } from "./host/cgroups.ts";
import { removeFolders } from "./host/folders.ts";
import { findNetworkLeftovers, removeNetwork } from "./host/network.ts";
import { restoreSysctls } from "./host/sysctls.ts";
import { listMounts, removeNamespaces } from "./node/namespaces.ts";
import { readDaemonPids } from "./node/daemons.ts";
import { readRecord } from "./record.ts";
import type { LocalSettings } from "./settings.ts";

const endWithinMs = 10_000;

/** Whether there is anything of this cluster to end, however little of it was started. */
export async function hasAnything(settings: LocalSettings): Promise<boolean> {
  return (await readRecord(settings)) !== undefined || (await listPids(settings)).length > 0;
}

/** Ends the cluster. Rejects with a list where something stays. */
export async function stopCluster(settings: LocalSettings): Promise<void> {
  await endProcesses(settings);
  const record = await readRecord(settings);
  await removeNamespaces(settings);
  await removeNetwork(settings);
  const cgroups = await removeCgroups(settings);
  const sysctls = await restoreSysctls(record?.sysctls ?? {});
  const mounts = await listMounts(settings);
  const left = [
    ...mounts.map((path) => `mount ${path}`),
    ...(await findNetworkLeftovers(settings)),
    ...cgroups.map((path) => `cgroup ${path}`),
    ...sysctls.map((name) => `sysctl ${name}`),
  ];
  // Never delete through a mount: behind it lies something else. The record has to last until all is undone.
  if (left.length > 0) throw new Error(`these stay; try again, or remove them by hand:\n  ${left.join("\n  ")}`);
  if (record === undefined) return;
  await rm(settings.stateFolder, { recursive: true, force: true });
  await removeFolders(record.madeFolders);
}

/** Kills everything in the cluster's cgroup, again and again: a process may just have started another. */
async function endProcesses(settings: LocalSettings): Promise<void> {
  const kubelet = (await readDaemonPids(settings)).get("kubelet");
  const first = await listPids(settings);
  // The kubelet goes first, so that it restarts nothing that ends here.
  if (kubelet !== undefined && first.includes(kubelet)) kill(kubelet);
  const endMs = performance.now() + endWithinMs;
  for (let left = first; left.length > 0; left = await listPids(settings)) {
    if (performance.now() > endMs) throw new Error(`these processes do not end: ${left.join(" ")}`);
    for (const pid of left) kill(pid);
    await pause(20);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    const isGone = error instanceof Error && "code" in error && error.code === "ESRCH";
    if (!isGone) throw error;
  }
}
