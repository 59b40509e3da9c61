/**
 * Mount points on the host. Kubernetes' programs have fixed places such as /var/lib/kubelet; the node sees folders of the state there.
 * Which of these places the host had is remembered, so that `down` removes exactly those that were made.
 */
import { existsSync } from "node:fs";
import { mkdir, rmdir } from "node:fs/promises";
import { dirname } from "node:path";

/** Places that the node has for itself. */
export const privateFolders = [
  "/run/containerd",
  "/run/netns",
  "/var/lib/containerd",
  "/var/lib/kubelet",
  "/var/lib/cni",
  "/var/log/pods",
  "/var/log/containers",
  "/etc/cni/net.d",
] as const;

/** What mount(8) makes for itself as soon as it is used, and leaves. */
export const mountTableFolder = "/run/mount";

/** The folders that `mkdir -p` would make for these places, parents first. */
export function listMissingFolders(places: readonly string[]): readonly string[] {
  const missing = new Set<string>();
  for (const place of places) {
    for (let folder = place; !existsSync(folder); folder = dirname(folder)) missing.add(folder);
  }
  return [...missing].toSorted();
}

/** Makes folders, parents first. */
export async function makeFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) await mkdir(folder, { recursive: true });
}

/** Removes those that are empty, children first: what somebody else has filled since then stays. */
export async function removeFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders.toReversed()) await rmdir(folder).catch(() => undefined);
}
