/** Finds the cluster's binaries: in the folder that was given, else in the cache, else builds them into it. */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { access, readFile, readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { Progress } from "../../../progress.ts";
import { run } from "../../../run.ts";
import type { LocalSettings } from "../settings.ts";
import { buildBinaries, readPinnedVersion, sourceFolder } from "./build.ts";

/** Absolute paths of the binaries, and the folder that holds them; links are resolved, because pods mount the folder. */
export interface Binaries {
  readonly folder: string;
  readonly kubeAll: string;
  readonly pause: string;
}

const names = ["kube-all", "pause", "kubectl", "helm"] as const;

/** Gives binaries that are complete and of the pinned version. Rejects where a given folder does not fit. */
export async function findBinaries(settings: LocalSettings, progress: Progress): Promise<Binaries> {
  const { readyBinaries } = settings;
  if (readyBinaries !== undefined) {
    await progress.step("binaries: given", () => checkFolder(readyBinaries));
    return locateBinaries(readyBinaries);
  }
  const folder = join(settings.cacheFolder, "bin", await hashSources());
  if (await hasAll(folder)) await progress.step("binaries: from the cache", () => checkFolder(folder));
  else await progress.step("binaries: built (takes minutes, once)", () => buildBinaries(folder));
  return locateBinaries(folder);
}

/** Names the binaries of a folder that was checked before. */
export async function locateBinaries(folder: string): Promise<Binaries> {
  const real = await realpath(folder);
  return { folder: real, kubeAll: join(real, "kube-all"), pause: join(real, "pause") };
}

async function checkFolder(folder: string): Promise<void> {
  for (const name of names) {
    const file = join(folder, name);
    await access(file, constants.X_OK).catch(() => {
      throw new Error(`OUTRIGGER_K8S_BIN needs ${names.join(", ")}; ${file} is no program`);
    });
  }
  const wanted = `Kubernetes ${await readPinnedVersion()}`;
  const found = (await run([join(folder, "kube-all"), "kubelet", "--version"])).trim();
  if (found !== wanted) throw new Error(`${folder} holds ${found}; this cluster is written for ${wanted}`);
}

async function hasAll(folder: string): Promise<boolean> {
  const checks = names.map((name) => access(join(folder, name), constants.X_OK));
  return (await Promise.allSettled(checks)).every((check) => check.status === "fulfilled");
}

/** Changes with every source and with the way of building; 16 hexadecimal digits. */
async function hashSources(): Promise<string> {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}`);
  const files = (await readdir(sourceFolder, { recursive: true }))
    .filter((name) => /\.(go|mod|sum)$/.test(name))
    .toSorted();
  for (const file of files) hash.update(`\0${file}\0`).update(await readFile(join(sourceFolder, file)));
  hash.update(await readFile(join(import.meta.dirname, "build.ts")));
  return hash.digest("hex").slice(0, 16);
}
