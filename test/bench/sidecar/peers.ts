/** Other people's proxies, of one version each, brought by npm into a folder of their own when they are measured, and never before. */
import { fileURLToPath } from "node:url";
import { installPackage } from "../../fixtures/npm-package.ts";

/** A peer: the package's name and version. */
export type PeerName = "supergateway 4.0.0" | "mcp-proxy 6.7.19";

/** The peers of the sidecar. */
export const peers: readonly PeerName[] = ["supergateway 4.0.0", "mcp-proxy 6.7.19"];

const cache = fileURLToPath(new URL("../../../.cache/bench-peers/", import.meta.url));

/** The peer of the aggregator. */
type HubName = "mcp-hub 4.2.1";

/** The folder with the package in its node_modules; installs it where it is not there. Rejects where it can't be had. */
export async function installPeer(peer: PeerName | HubName): Promise<string> {
  const [name = "", version = ""] = peer.split(" ");
  return installPackage(cache, name, version);
}
