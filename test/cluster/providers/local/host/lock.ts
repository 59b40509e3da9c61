/** Only one `up` or `down` at a time: a second one would take a start in progress for a dead one and clear it away. */
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Runs work while the file holds this process's pid. Rejects where a living process holds it. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  await takeLock(file);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function takeLock(file: string): Promise<void> {
  if (await tryCreate(file)) return;
  const holder = (await readFile(file, "utf8").catch(() => "")).trim();
  if (holder !== "" && existsSync(`/proc/${holder}`)) {
    throw new Error(`the cluster is being started or stopped by process ${holder}; wait for it and try again`);
  }
  await rm(file, { force: true });
  if (!(await tryCreate(file))) throw new Error(`${file} was taken by another process; try again`);
}

async function tryCreate(file: string): Promise<boolean> {
  try {
    const handle = await open(file, "wx", 0o600);
    await handle.writeFile(String(process.pid));
    await handle.close();
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}
