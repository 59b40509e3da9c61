/**
 * The pods of a run: real sidecars before real servers, each pod at a loopback address of its own, written to the API server as a cluster would.
 * Decides what it is for a pod to be killed, to lose its sidecar, and to be replaced.
 */
import { fileURLToPath } from "node:url";
import { sidecarPorts } from "@outrigger/api/ports";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { startProgram, type Program } from "../fixtures/program.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import type { ApiServer } from "./api/api-server.ts";

const find = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const sidecarMain = find("sidecar/src/main.ts");
const everything = find("node_modules/@modelcontextprotocol/server-everything/dist/index.js");
const stdioServer = find("test/fixtures/stdio-servers/server.ts");

/** The servers: a legacy one over stdio, a legacy one over HTTP that keeps sessions, and a modern one. */
export const serverNames = ["everything", "everything-http", "modern"] as const;
export type ServerName = (typeof serverNames)[number];

/** One pod. What is done to it is not told to the API server: that is the run's to do, as it is a kubelet's. */
export interface ChaosPod {
  readonly name: string;
  readonly server: ServerName;
  readonly start: () => Promise<void>;
  /** Kills the sidecar; a server over stdio ends with it. */
  readonly killSidecar: () => Promise<void>;
  /** Kills everything in it. */
  readonly kill: () => Promise<void>;
  /** Ends it as a kubelet does: the sidecar, and then the server. */
  readonly end: () => Promise<void>;
  /** Writes it to the API server. */
  readonly tell: (isReady: boolean) => Promise<void>;
}

/** The pods of a run. */
export interface ChaosPods {
  readonly list: () => readonly ChaosPod[];
  /** Starts a new pod and writes it, ready. */
  readonly add: (server: ServerName) => Promise<ChaosPod>;
  /** Forgets a pod here, and in the API server. */
  readonly remove: (pod: ChaosPod) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Creates the pods, none yet. */
export function createPods(api: ApiServer): ChaosPods {
  // Loopback addresses of our own, so that the fixed ports never meet another run's.
  const net = `127.${20 + (process.pid % 200)}.${Math.floor(process.pid / 200) % 250}`;
  const pods = new Set<ChaosPod>();
  let born = 0;
  return {
    list: () => [...pods],
    add: async (server) => {
      const number = ++born;
      const pod = createPod(api, { name: `${server}-${number}`, server, host: `${net}.${number % 250}` });
      pods.add(pod);
      await pod.start();
      await pod.tell(true);
      return pod;
    },
    remove: async (pod) => {
      pods.delete(pod);
      await api.removePod(pod.name);
    },
    close: async () => {
      await Promise.all([...pods].map((pod) => pod.kill()));
    },
  };
}

interface Place {
  readonly name: string;
  readonly server: ServerName;
  readonly host: string;
}

function createPod(api: ApiServer, { name, server, host }: Place): ChaosPod {
  let sidecar: Program | undefined;
  let own: { readonly program: Program; readonly port: number } | undefined;
  const killSidecar = (): Promise<void> => kill(sidecar);
  return {
    ...{ name, server, killSidecar },
    start: async () => {
      if (server === "everything-http" && own?.program.isRunning() !== true) own = await startHttpServer();
      sidecar = await startSidecar(host, server, own?.port);
    },
    kill: async () => {
      await Promise.all([killSidecar(), kill(own?.program)]);
    },
    end: async () => {
      await sidecar?.stop();
      await own?.program.stop();
    },
    tell: (isReady) => api.putPod({ name, server, host, port: sidecarPorts.data, isReady }),
  };
}

async function kill(program: Program | undefined): Promise<void> {
  if (program?.isRunning() === true) process.kill(program.pid, "SIGKILL");
  await program?.ended;
}

async function startHttpServer(): Promise<{ program: Program; port: number }> {
  const port = await findFreePort();
  const env = { ...process.env, PORT: String(port) };
  const program = startProgram([process.execPath, everything, "streamableHttp"], { env });
  const answers = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${port}/mcp`)).status > 0;
  await program.whenReady(waitFor("the server over HTTP", answers, 60_000));
  return { program, port };
}

async function startSidecar(host: string, server: ServerName, port: number | undefined): Promise<Program> {
  const behind = {
    everything: ["--", process.execPath, everything],
    "everything-http": ["--upstream", `http://127.0.0.1:${port}/mcp`],
    modern: ["--", process.execPath, stdioServer, "--era", "modern"],
  } as const;
  const flags = ["--server", server, "--admin", "0", "--drain-seconds", "3", "--log-level", "info"];
  const listen = ["--listen", `${host}:${sidecarPorts.data}`, "--control", `${host}:${sidecarPorts.control}`];
  const listening = Promise.withResolvers<boolean>();
  const command = [process.execPath, "--conditions=outrigger-source", sidecarMain, ...flags, ...listen];
  const program = startProgram([...command, ...behind[server]], {
    endWithinMs: 15_000,
    onLine: (line) => {
      if ((JSON.parse(line) as { msg?: string }).msg === "listening") listening.resolve(true);
    },
  });
  await program.whenReady(listening.promise);
  return program;
}
