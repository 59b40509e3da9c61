/**
 * What a chaos run works on: an API server (the fake one), a real server behind two real sidecars as two pods of it, three replicas of the
 * aggregator, and a balancer before them that knows nothing.
 */
import { fileURLToPath } from "node:url";
import { sidecarPorts } from "@outrigger/api/ports";
import { startFakeKube, type FakeKube } from "../fixtures/fake-kube/server.ts";
import { startProgram, type Program } from "../fixtures/program.ts";
import { startReplicas, type Replica } from "../fixtures/replicas.ts";
import { startRoundRobin } from "../fixtures/round-robin.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import type { EchoTool } from "./clients.ts";

const sidecarMain = fileURLToPath(new URL("../../sidecar/src/main.ts", import.meta.url));
const everything = fileURLToPath(
  new URL("../../node_modules/@modelcontextprotocol/server-everything/dist/index.js", import.meta.url),
);

/** One pod: its sidecar with the server behind it. */
export interface ChaosPod {
  readonly start: () => Promise<void>;
  /** Kills the sidecar; its server ends with it. The API server hears of it later, as from a kubelet. */
  readonly kill: () => Promise<void>;
}

/** The bed. */
export interface Bed {
  readonly url: string;
  readonly tool: EchoTool;
  readonly replicas: readonly Replica[];
  readonly pods: readonly ChaosPod[];
  /** Has the API server answer nothing and end its watches, until the returned function is called. */
  readonly freezeApi: () => () => void;
  readonly close: () => Promise<void>;
}

/** Starts everything and waits until a call can be answered. */
export async function startBed(): Promise<Bed> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closers.splice(0).toReversed()) await end();
  };
  try {
    const kube = await startFakeKube();
    closers.push(() => kube.close());
    // Loopback addresses of our own, so that the fixed control port never meets another run's.
    const net = `127.${20 + (process.pid % 200)}.${Math.floor(process.pid / 200) % 250}`;
    const pods = [1, 2].map((n) => createPod(kube, { name: `everything-${n}`, host: `${net}.${200 + n}` }));
    closers.push(async () => {
      await Promise.all(pods.map((pod) => pod.kill()));
    });
    await Promise.all(pods.map((pod) => pod.start()));
    const replicas = await startReplicas({ flags: ["--kube", kube.url, "--log-level", "error"] });
    closers.push(() => replicas.close());
    const balancer = await startRoundRobin(replicas.all.map(({ port }) => port));
    closers.push(() => balancer.close());
    const freezeApi = (): (() => void) => {
      const thaw = kube.failWhile(() => ({ status: "hang" }));
      kube.dropWatches();
      return thaw;
    };
    const tool = { name: "tools__everything__echo", argument: "message" };
    return { url: `http://127.0.0.1:${balancer.port}/mcp`, tool, replicas: replicas.all, pods, freezeApi, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface PodPlace {
  readonly name: string;
  readonly host: string;
}

function createPod(kube: FakeKube, { name, host }: PodPlace): ChaosPod {
  let program: Program | undefined;
  const tell = (port: number, isReady: boolean): void => {
    kube.store.set({
      metadata: {
        ...{ name, namespace: "tools", uid: `uid-${name}`, creationTimestamp: "2026-11-01T10:00:00Z" },
        labels: { "outrigger.dev/injected": "true", "outrigger.dev/server": "everything" },
        annotations: { "outrigger.dev/endpoint": `${port}/mcp` },
      },
      spec: { containers: [{ name: "app", image: "registry.example/everything:1" }] },
      status: {
        phase: "Running",
        podIP: host,
        conditions: [{ type: "Ready", status: isReady ? "True" : "False" }],
      },
    });
  };
  return {
    start: async () => {
      const listening = Promise.withResolvers<number>();
      const flags = ["--server", "everything", "--admin", "0", "--drain-seconds", "0", "--log-level", "info"];
      const listen = ["--listen", `${host}:0`, "--control", `${host}:${sidecarPorts.control}`];
      const server = ["--", process.execPath, everything];
      program = startProgram(
        [process.execPath, "--conditions=outrigger-source", sidecarMain, ...flags, ...listen, ...server],
        {
          onLine: (line) => {
            const { msg, dataPort } = JSON.parse(line) as { msg?: string; dataPort?: number };
            if (msg === "listening" && dataPort !== undefined) listening.resolve(dataPort);
          },
        },
      );
      tell(await program.whenReady(listening.promise), true);
    },
    kill: async () => {
      if (program?.isRunning() === true) process.kill(program.pid, "SIGKILL");
      await program?.ended;
    },
  };
}

/** Waits until every replica lists the server. */
export async function waitForServer(replicas: readonly Replica[], deadlineMs = 60_000): Promise<void> {
  for (const { url } of replicas) {
    await waitFor(
      "the server to be listed",
      async () => {
        const { servers } = (await (await fetch(`${url}/api/v1/servers`)).json()) as { servers: { state: string }[] };
        return servers.some(({ state }) => state === "Ready");
      },
      deadlineMs,
    );
  }
}
