/** Keeps what is made once from pinned sources in the test bed's cache: a folder that exists is complete. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readCacheFolder } from "../providers/local/settings.ts";

/** Something to be kept. `sources` is everything that it is made from, as text: another text is another thing. */
export interface Kept {
  readonly name: string;
  readonly sources: readonly string[];
  /** Fills an empty folder. */
  readonly make: (folder: string) => Promise<void>;
}

const underWay = new Map<string, Promise<string>>();

/** Gives the folder, and makes it first where it is not there. */
export function keep({ name, sources, make }: Kept): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([process.arch, ...sources]));
  const folder = join(readCacheFolder(process.env), "examples", `${name}-${hash.digest("hex").slice(0, 12)}`);
  const making = underWay.get(folder) ?? makeOnce(folder, make);
  underWay.set(folder, making);
  return making;
}

async function makeOnce(folder: string, make: Kept["make"]): Promise<string> {
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const half = await mkdtemp(`${folder}.half-`);
  try {
    await make(half);
    await rename(half, folder);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(half, { recursive: true, force: true });
  }
  return folder;
}
