/** What the cases stand on: bundles, servers that are started when first asked for, and a cluster where a case needs one. */
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Process } from "../sidecar/subject.ts";
import { openCluster, type Cluster } from "./cluster.ts";
import { bundleWebhook, type Programs } from "./programs.ts";
import {
  noOpName,
  readyMadeName,
  startNoOp,
  startWebhook,
  webhookName,
  type Place,
  type Server,
  type Surroundings,
} from "./servers.ts";
import { writePatches } from "./ready-made.ts";
import { openStandIn } from "./stand-in.ts";

/** Where the recorded reviews are. */
export const reviewsFile = join(import.meta.dirname, "reviews.tsv");

/** The servers that are asked directly. */
export interface Servers {
  readonly [webhookName]: Server;
  readonly [noOpName]: Server;
}

/** Those that an API server asks. */
export interface AskedServers extends Servers {
  readonly [readyMadeName]: Server;
}

/** The stage of one run. */
export interface WebhookStage {
  readonly programs: Programs;
  /** The servers beside an API server that stands in. */
  readonly direct: () => Promise<Servers>;
  /** A webhook of its own beside the one that stands in, whose garbage can be collected from outside. Who asks for it ends it. */
  readonly collected: () => Promise<Server>;
  /** The servers beside a real API server, which asks them. Rejects where no cluster can be used. */
  readonly clustered: (
    onProgress: (text: string) => void,
  ) => Promise<{ readonly cluster: Cluster; readonly servers: AskedServers }>;
  /** The cluster's version, once there was one. */
  readonly clusterVersion: () => string | undefined;
  /** Process ids of the servers that run now. */
  readonly pids: () => readonly number[];
  readonly ended: () => readonly string[];
  /** Ends everything; a second call waits for the first. */
  readonly close: () => Promise<void>;
}

/** Opens the stage; who opened it closes it. What is left of it when this process ends goes with it, but for a cluster. */
export async function openStage(): Promise<WebhookStage> {
  const folder = await mkdtemp(join(tmpdir(), "outrigger-bench-"));
  const processes = new Set<Process>();
  const servers = new Set<Server>();
  const closers: (() => Promise<unknown>)[] = [];
  const leave = (): void => {
    for (const { pid, isRunning } of processes) if (isRunning()) process.kill(pid, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", leave);
  const programs = await bundleWebhook(folder);
  const place: Place = { programs, folder, onStart: (each) => processes.add(each) };
  const keep = async (starting: Promise<Server>): Promise<Server> => {
    const server = await starting;
    servers.add(server);
    return server;
  };
  const startBoth = async (around: Surroundings): Promise<Servers> => ({
    [webhookName]: await keep(startWebhook(place, around, "as shipped")),
    [noOpName]: await keep(startNoOp(place, around)),
  });
  const standIn = once(async () => {
    const opened = await openStandIn();
    closers.push(opened.close);
    return opened;
  });
  const direct = once(async () => startBoth(await standIn()));
  let cluster: Cluster | undefined;
  const openClustered = async (onProgress: (text: string) => void) => {
    cluster ??= await openCluster(onProgress);
    closers.push(cluster.close);
    const both = await startBoth(cluster);
    const patches = join(folder, "patches.json");
    await writePatches(both[webhookName], { namespace: cluster.namespaceOf(webhookName), reviewsFile, file: patches });
    const servers = { ...both, [readyMadeName]: await keep(startNoOp(place, cluster, { patches })) };
    await cluster.register(servers);
    return { cluster, servers };
  };
  let clustered: ReturnType<typeof openClustered> | undefined;
  return {
    ...{ programs, direct },
    collected: async () => startWebhook(place, await standIn(), "collected"),
    clustered: (onProgress) => (clustered ??= openClustered(onProgress)),
    clusterVersion: () => cluster?.version,
    pids: () => [...processes].filter(({ isRunning }) => isRunning()).map(({ pid }) => pid),
    ended: () =>
      [...servers]
        .filter(({ isRunning }) => !isRunning())
        .map(({ name, stderr }) => `${name} has ended by itself: ${stderr().trim()}`),
    close: once(async () => {
      // One that is just starting is let start: half a cluster would stay behind.
      await clustered?.catch(() => undefined);
      await Promise.all([...processes].map(({ stop }) => stop()));
      for (const close of closers.toReversed()) await close();
      process.off("exit", leave);
      await rm(folder, { recursive: true, force: true });
    }),
  };
}

/** Makes a function that does its work at the first call and gives the same promise at each. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => (done ??= work());
}
