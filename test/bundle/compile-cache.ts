/**
 * Fills the compile cache that images hold beside a bundle, by starting the program once with the Node of the image and ending it in
 * order: what a start compiles need not be compiled again. docs/adr/0024 says why.
 */
import { chmod, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Program } from "./bundle.ts";
import { startOnce } from "./start-once.ts";

/** User of the images: Node takes a cache only from a folder that is named after the user, its own version and that of V8. */
const imageUser = 65_532;

/** What makes Node look for the cache; the Dockerfiles say the same of the folder's path in the image. */
export const cacheFolderName = "cache";

/** Ports that are free, on loopback alone, and no more than a program needs to listen. */
const anywhere = "127.0.0.1:0";
const starts: Readonly<Record<Program, readonly string[] | undefined>> = {
  sidecar: ["--listen", anywhere, "--control", anywhere, "--admin", anywhere, "--upstream", "http://127.0.0.1:9/mcp"],
  aggregator: ["--listen", anywhere, "--admin", anywhere, "--servers", "servers.json"],
  webhook: ["--listen", anywhere, "--admin", anywhere, "--certificates", "self", "--shutdown-delay", "0s"],
  operator: ["--admin", anywhere],
  // Its verbs have little in common, and none of them is waited for.
  cli: undefined,
};

/**
 * Writes the cache into `cache` beside the bundle and gives its path; undefined for a program that has none. Its paths are relative,
 * so it serves wherever both are put. `node`: the runtime that it is for. Rejects where the program does not come to listen.
 */
export async function fillCompileCache(
  program: Program,
  bundle: string,
  node = process.execPath,
): Promise<string | undefined> {
  const args = starts[program];
  if (args === undefined) return undefined;
  const folder = join(dirname(bundle), cacheFolderName);
  await rm(folder, { recursive: true, force: true });
  // Node writes the cache as the program ends.
  await startOnce(node, [bundle, ...args], { NODE_COMPILE_CACHE: folder, NODE_COMPILE_CACHE_PORTABLE: "1" });
  await giveToImageUser(folder);
  return folder;
}

/** Bytes of all files in a folder and below. */
export async function measureFolder(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Node names the folder after whoever ran it, and lets nobody else read the files. */
async function giveToImageUser(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const own = join(folder, name.replace(/-\d+$/, `-${imageUser}`));
    await rename(join(folder, name), own);
    await chmod(own, 0o755);
    for (const file of await readdir(own)) await chmod(join(own, file), 0o644);
  }
  await chmod(folder, 0o755);
}
