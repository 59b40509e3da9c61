/** The files that we generate for the aggregator and the sidecars. Pure: texts out of entries and ports. */
import { createHash } from "node:crypto";
import type { ServerEntry } from "@outrigger/api/server-file";
import { describeOrigin } from "./origin.ts";
import type { Ports } from "./keep-alive.ts";

/** A server whose sidecar listens. */
export interface PlacedServer {
  readonly entry: ServerEntry;
  readonly ports: Ports;
}

/** The aggregator's servers file: each server by the address of its sidecar. Order as given. */
export function writeServersFile(servers: readonly PlacedServer[]): string {
  const mcpServers = servers.map(({ entry, ports }): [string, unknown] => [
    entry.name,
    {
      url: `http://127.0.0.1:${ports["dataPort"]}/mcp`,
      outrigger: {
        control: `http://127.0.0.1:${ports["controlPort"]}`,
        ...(entry.outrigger.group === undefined ? {} : { group: entry.outrigger.group }),
        ...(entry.outrigger.routing === undefined ? {} : { routing: entry.outrigger.routing }),
        origin: describeOrigin(entry),
      },
    },
  ]);
  return `${JSON.stringify({ mcpServers: Object.fromEntries<unknown>(mcpServers) }, null, 2)}\n`;
}

/** The policy file of one server. Every sidecar has one, so that a policy that is added later needs no restart. */
export function writePolicyFile(entry: ServerEntry): string {
  return `${JSON.stringify(entry.outrigger.policy ?? {}, null, 2)}\n`;
}

/** The name of a server's policy file: unique per server, and short and safe whatever the server is called. */
export function policyFileName(serverName: string): string {
  return `policy-${createHash("sha256").update(serverName).digest("hex").slice(0, 16)}.json`;
}
