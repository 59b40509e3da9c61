/**
 * Everything that is started lives under one cgroup, so that `down` ends exactly that and `status` counts exactly that.
 * Version 1, version 2 and the hybrid of both are served.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { LocalSettings } from "../settings.ts";

const mountFolder = "/sys/fs/cgroup";

interface Hierarchies {
  readonly version: 1 | 2;
  /** Where cgroups are made. */
  readonly folders: readonly string[];
  /** The one that our own processes join. */
  readonly tracker: string;
}

/** Cgroup of the node, from the root of each hierarchy: parent of all pods. */
export function nodeCgroup(settings: LocalSettings): string {
  return `/${settings.name}/node`;
}

/** File that a process writes its pid into to join the node's system processes. */
export async function findJoinFile(settings: LocalSettings): Promise<string> {
  const { tracker } = await findHierarchies();
  return join(tracker, nodeCgroup(settings), "system/cgroup.procs");
}

/** Makes the cgroups of the node. */
export async function makeCgroups(settings: LocalSettings): Promise<void> {
  const { version, folders } = await findHierarchies();
  const node = nodeCgroup(settings);
  for (const folder of folders) {
    // Only a leaf of version 2 may hold processes while its parents hand controllers down: hence "system".
    if (version === 2) await handDown(folder);
    for (const path of [dirname(node), node, join(node, "system")]) {
      const cgroup = join(folder, path);
      await mkdir(cgroup, { recursive: true });
      if (version === 1) await fillCpuset(cgroup);
      else if (!path.endsWith("system")) await handDown(cgroup);
    }
  }
}

/** Removes the cgroups; they have to be empty of processes. Gives those that stay. */
export async function removeCgroups(settings: LocalSettings): Promise<readonly string[]> {
  const { folders } = await findHierarchies();
  const left: string[] = [];
  // On a hybrid machine runc also makes cgroups in "unified", whose controllers belong to version 1.
  for (const folder of new Set([...folders, join(mountFolder, "unified")])) {
    const top = join(folder, settings.name);
    for (const cgroup of (await listCgroups(top)).toReversed()) {
      await rmdir(cgroup).catch(() => left.push(cgroup));
    }
  }
  return left;
}

/** Pids of everything below the cluster's cgroup, or below a part of it such as `system`. */
export async function listPids(settings: LocalSettings, part = ""): Promise<readonly number[]> {
  const { tracker } = await findHierarchies();
  const top = part === "" ? join(tracker, settings.name) : join(tracker, nodeCgroup(settings), part);
  const pids: number[] = [];
  for (const cgroup of await listCgroups(top)) {
    const text = await readFile(join(cgroup, "cgroup.procs"), "utf8").catch(() => "");
    pids.push(
      ...text
        .split("\n")
        .filter((line) => line !== "")
        .map(Number),
    );
  }
  return pids;
}

async function findHierarchies(): Promise<Hierarchies> {
  if (existsSync(join(mountFolder, "cgroup.controllers")))
    return { version: 2, folders: [mountFolder], tracker: mountFolder };
  const names = await readdir(mountFolder);
  const folders = names.map((name) => join(mountFolder, name)).filter((folder) => existsSync(join(folder, "tasks")));
  return { version: 1, folders, tracker: join(mountFolder, "pids") };
}

/** A cgroup and all below it, parents first. */
async function listCgroups(top: string): Promise<readonly string[]> {
  const entries = await readdir(top, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return [];
  const below = entries.filter((entry) => entry.isDirectory()).map((entry) => listCgroups(join(top, entry.name)));
  return [top, ...(await Promise.all(below)).flat()];
}

/** Version 1 leaves a new cpuset empty, and nothing can join an empty one. */
async function fillCpuset(cgroup: string): Promise<void> {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    if (!existsSync(join(cgroup, file))) continue;
    await writeFile(join(cgroup, file), await readFile(join(dirname(cgroup), file)));
  }
}

/** Version 2 gives a child no controller by itself. One that can't be handed down is left out: the kubelet names what it misses. */
async function handDown(cgroup: string): Promise<void> {
  const controllers = (await readFile(join(cgroup, "cgroup.controllers"), "utf8")).trim().split(" ");
  for (const controller of controllers.filter((name) => name !== "")) {
    await writeFile(join(cgroup, "cgroup.subtree_control"), `+${controller}`).catch(() => undefined);
  }
}
