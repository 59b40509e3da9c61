/**
 * Servers of every transport behind real sidecars, and an aggregator before all of them: what clients of the older HTTP+SSE transport
 * have to do with. A tool is denied at each server.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startPackagedServer } from "../../sidecar/src/catalog/testing/packaged-server.ts";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startRealSidecar, type RealSidecar } from "../fixtures/real-sidecar.ts";

const everything = "@modelcontextprotocol/server-everything/dist/index.js";
const inModules = (path: string): string => fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url));

/** How the three servers speak; it is their name, too. */
const transports = ["streamable", "sse", "stdio"] as const;
export type ServerTransport = (typeof transports)[number];

/** A tool that each server has and that says the text which it is given, and one that policy denies. */
export const echoTool = "echo";
export const deniedTool = "get-env";

/** The running bed. */
export interface OlderBed {
  readonly aggregator: RunningAggregator;
  readonly sidecars: Readonly<Record<ServerTransport, RealSidecar>>;
  readonly close: () => Promise<void>;
}

/** Starts it, with its files in this folder; each server is in the group of its name. */
export async function startOlderBed(folder: string): Promise<OlderBed> {
  const programs = createPrograms();
  const policyFile = join(folder, "policy.json");
  await writeFile(policyFile, JSON.stringify({ tools: { deny: [deniedTool] } }));
  const [older, streamable] = await Promise.all([
    startPackagedServer(everything, ["sse"]),
    startPackagedServer(everything, ["streamableHttp"]),
  ]);
  const start = (name: ServerTransport, flags: readonly string[]): Promise<RealSidecar> =>
    startRealSidecar(programs, name, ["--policy", policyFile, ...flags]);
  const [overHttp, overSse, overPipes] = await Promise.all([
    start("streamable", ["--upstream", `${streamable.origin}/mcp`]),
    start("sse", ["--upstream", `${older.origin}/sse`]),
    start("stdio", ["--", process.execPath, inModules(everything), "stdio"]),
  ]);
  const sidecars = { streamable: overHttp, sse: overSse, stdio: overPipes };
  const entries = transports.map((name) => [name, sidecars[name].entry({ group: name })]);
  const aggregator = await startAggregatorProgram(Object.fromEntries(entries) as Record<string, object>);
  await aggregator.ready();
  return {
    aggregator,
    sidecars,
    close: async () => {
      await aggregator.close();
      await programs.endAll();
      await Promise.all([older.close(), streamable.close()]);
    },
  };
}

/** An address, the servers that are reached there, and what a server's tool is called there. */
export interface Place {
  readonly url: string;
  readonly servers: readonly ServerTransport[];
  readonly nameOf: (server: ServerTransport, tool: string) => string;
}

const ownName = (_server: ServerTransport, tool: string): string => tool;
const publicName = (server: ServerTransport, tool: string): string => `${server}__${tool}`;

/** Every endpoint there is, by the path under which Streamable HTTP finds it: of sidecars, of all servers, of groups. */
export function listEndpoints({ aggregator, sidecars }: OlderBed): readonly Place[] {
  return [
    ...transports.map((server) => ({ url: sidecars[server].dataUrl, servers: [server], nameOf: ownName })),
    { url: `${aggregator.url}/mcp`, servers: transports, nameOf: publicName },
    ...transports.map((server) => ({
      url: `${aggregator.url}/mcp/g/${server}`,
      servers: [server],
      nameOf: publicName,
    })),
  ];
}

/** Where a client of the older transport finds the same endpoints. */
export function listOlderEndpoints(bed: OlderBed): readonly Place[] {
  return listEndpoints(bed).flatMap((place) => {
    const isGroup = place.url.includes("/g/");
    const paths = isGroup ? [`${place.url}/sse`] : [`${place.url}/sse`, new URL("/sse", place.url).href];
    return paths.map((url) => ({ ...place, url }));
  });
}
