/** Other people's proxies, of one version each, brought by npm into a folder of their own when they are measured, and never before. */
import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** A peer: the package's name and version. */
export type PeerName = "supergateway 4.0.0" | "mcp-proxy 6.7.19";

/** The peers. */
export const peers: readonly PeerName[] = ["supergateway 4.0.0", "mcp-proxy 6.7.19"];

const cache = fileURLToPath(new URL("../../../.cache/bench-peers/", import.meta.url));
const installMs = 180_000;

/** The folder with the package in its node_modules; installs it where it is not there. Rejects where it can't be had. */
export async function installPeer(peer: PeerName): Promise<string> {
  const [name = "", version = ""] = peer.split(" ");
  const folder = join(cache, `${name}-${version}`);
  const isThere = await access(join(folder, "node_modules", name, "package.json")).then(
    () => true,
    () => false,
  );
  if (isThere) return folder;
  try {
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    await promisify(execFile)("npm", ["install", ...flags, "--prefix", folder, `${name}@${version}`], {
      timeout: installMs,
    });
  } catch (error) {
    throw new Error(`${peer} can't be installed`, { cause: error });
  }
  return folder;
}
