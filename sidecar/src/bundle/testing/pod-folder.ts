/** For tests: a folder as the kubelet keeps it for a pod (downward API), whose files all change at once by one swapped link. */
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { liveKeys, podInfo, quickFileOf, quickKeys } from "@outrigger/api/bundle";
import { makeFolder } from "../../stdio/testing/fixture.ts";

const fileNames: readonly string[] = [podInfo.bundleFile, ...[...quickKeys, ...liveKeys].map(quickFileOf)];

/** The folder. `write` changes some files, by name, and swaps; the others stay, and one never written is empty. */
export interface PodFolder {
  readonly path: string;
  readonly write: (changed: Readonly<Record<string, string>>) => Promise<void>;
}

/** Makes the folder for the running test. Source: Kubernetes pkg/volume/util/atomic_writer.go. */
export async function createPodFolder(first: Readonly<Record<string, string>> = {}): Promise<PodFolder> {
  const path = makeFolder();
  const contents = new Map(fileNames.map((file) => [file, ""]));
  let revision = 0;
  const write = async (changed: Readonly<Record<string, string>>): Promise<void> => {
    for (const [file, text] of Object.entries(changed)) contents.set(file, text);
    const [before, next] = [`..revision_${revision}`, `..revision_${++revision}`];
    await mkdir(join(path, next));
    for (const [file, text] of contents) await writeFile(join(path, next, file), text);
    await symlink(next, join(path, "..data_tmp"));
    await rename(join(path, "..data_tmp"), join(path, "..data"));
    await rm(join(path, before), { recursive: true, force: true });
  };
  await write(first);
  for (const file of fileNames) await symlink(join("..data", file), join(path, file));
  return { path, write };
}
