/**
 * The node's own mount and network namespaces, pinned to files: the host keeps its mounts and iptables rules as they are.
 * Entered by nsenter, because `ip netns exec` remounts /sys and so hides the cgroups.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../../run.ts";
import { privateFolders } from "../host/folders.ts";
import type { LocalSettings } from "../settings.ts";

/** The command as it runs on the node. */
export function toNodeCommand(settings: LocalSettings, command: readonly string[]): readonly string[] {
  const { mount, net } = toPins(settings);
  return ["nsenter", `--mount=${mount}`, `--net=${net}`, "--", ...command];
}

/** Folder of the state that the node sees at an absolute path of {@link privateFolders}. */
export function nodeFolder(settings: LocalSettings, place = ""): string {
  return join(settings.stateFolder, "node", place);
}

/** Makes the namespaces and mounts the node's own folders. */
export async function makeNamespaces(settings: LocalSettings): Promise<void> {
  const { folder, mount, net } = toPins(settings);
  await mkdir(folder, { recursive: true });
  // A namespace can only be pinned on a private mount.
  await run(["mount", "--bind", folder, folder]);
  await run(["mount", "--make-private", folder]);
  await writeFile(mount, "");
  await writeFile(net, "");
  await run(["unshare", `--mount=${mount}`, `--net=${net}`, "--propagation", "private", "true"]);
  for (const place of privateFolders) {
    const own = nodeFolder(settings, place);
    await mkdir(own, { recursive: true });
    await run(toNodeCommand(settings, ["mount", "--bind", own, place]));
  }
  // Mounts of the kubelet have to reach containers; the peers are only mounts of this namespace.
  await run(toNodeCommand(settings, ["mount", "--make-rshared", "/"]));
}

/** Unpins the namespaces: with their last process gone, the kernel frees their mounts and interfaces. */
export async function removeNamespaces(settings: LocalSettings): Promise<void> {
  // Longest path first: the pins lie inside the folder that is a mount itself.
  for (const path of (await listMounts(settings)).toSorted((a, b) => b.length - a.length)) {
    await run(["umount", path])
      .catch(() => run(["umount", "--lazy", path]))
      .catch(() => "");
  }
}

/** Mount points below the state folder that the host sees, one for each time something is mounted there. */
export async function listMounts(settings: LocalSettings): Promise<readonly string[]> {
  const mounts = (await readFile("/proc/self/mounts", "utf8")).split("\n").map((line) => line.split(" ")[1] ?? "");
  return mounts.filter((path) => path.startsWith(`${settings.stateFolder}/`));
}

function toPins(settings: LocalSettings): { readonly folder: string; readonly mount: string; readonly net: string } {
  const folder = join(settings.stateFolder, "namespaces");
  return { folder, mount: join(folder, "mount"), net: join(folder, "net") };
}
