/** For tests of the injected sidecar: what only somebody inside a pod, or on its node, can see or do. */
import { KubeConfig } from "@kubernetes/client-node";
import { sidecarPorts } from "@outrigger/api/ports";
import type { Health } from "@outrigger/api/feed";
import { createProviders, findProvider } from "../../choose-provider.ts";
import { serverPort } from "../../product/workloads.ts";
import { execInPod } from "../exec.ts";
import type { ProvidedCluster } from "../provided.ts";

/** A pod with a sidecar, and its address. */
export interface PodPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly address: string;
}

/** What was done to a server, and what its sidecar said of it afterwards. Times: Unix epoch, in ms. */
export interface Aftermath {
  readonly orderedAtMs: number;
  readonly toldAtMs: number;
  readonly health: Health;
}

/** Works inside pods of one cluster. */
export interface InsidePod {
  /** Asks the server `notes` something beside MCP, past its sidecar; gives its JSON. */
  readonly order: (place: PodPlace, path: string) => Promise<{ readonly counts: Readonly<Record<string, number>> }>;
  /** Reads the sidecar's feed, does something to the server, and waits until the feed has the server dead. */
  readonly orderAndWatch: (place: PodPlace, path: string) => Promise<Aftermath>;
  /** How many processes of a stdio server there are; `program` is the file that they run. */
  readonly countProcesses: (place: PodPlace, program: string) => Promise<number>;
  /** Ends the sidecar's process by SIGKILL from its node. `uid` is the pod's. */
  readonly killSidecar: (uid: string) => Promise<void>;
}

const sidecar = "outrigger-sidecar";

/** Creates it. */
export function createInsidePod(cluster: Extract<ProvidedCluster, { ok: true }>): InsidePod {
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  /** The server's container may end meanwhile; the sidecar's stays. Both have Node. */
  const run = async ({ namespace, pod }: PodPlace, script: string, container = sidecar): Promise<string> => {
    const command = [container === sidecar ? "/usr/local/bin/node" : "node", "--input-type=module", "--eval", script];
    const { exitCode, stdout, stderr } = await execInPod(config, { namespace, pod, container, command });
    if (exitCode !== 0) throw new Error(stderr);
    return stdout;
  };
  return {
    order: async (place, path) =>
      JSON.parse(await run(place, orderScript(path))) as Awaited<ReturnType<InsidePod["order"]>>,
    orderAndWatch: async (place, path) => JSON.parse(await run(place, watchScript(place, path))) as Aftermath,
    countProcesses: async (place, program) => Number(await run(place, countScript(program), "app")),
    killSidecar: async (uid) => {
      const provider = findProvider(createProviders(process.env), cluster.provider);
      const code = await provider.runOnNode(["sh", "-c", killScript(uid)]);
      if (code !== 0) throw new Error(`no process of a sidecar in pod ${uid}`);
    },
  };
}

const orderScript = (path: string): string =>
  `console.log(await (await fetch("http://127.0.0.1:${serverPort}${path}")).text());`;

const watchScript = ({ address }: PodPlace, path: string): string => `
  const feed = await fetch("http://${address}:${sidecarPorts.control}/v1/feed");
  let orderedAtMs;
  let rest = "";
  for await (const chunk of feed.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\\n");
    rest = lines.pop();
    for (const line of lines.filter((each) => each.startsWith("data: "))) {
      const { health } = JSON.parse(line.slice(6));
      if (orderedAtMs === undefined && health.state === "Ready")
        orderedAtMs = (await (await fetch("http://127.0.0.1:${serverPort}${path}")).json()).atMs;
      else if (orderedAtMs !== undefined && health.state === "Dead") {
        console.log(JSON.stringify({ orderedAtMs, toldAtMs: Date.now(), health }));
        process.exit(0);
      }
    }
  }`;

const countScript = (program: string): string => `
  import { readdirSync, readFileSync } from "node:fs";
  const isOne = (id) => {
    try {
      return readFileSync("/proc/" + id + "/cmdline", "utf8").startsWith("node\\0${program}\\0");
    } catch {
      return false; // It has ended.
    }
  };
  console.log(readdirSync("/proc").filter((id) => /^\\d+$/.test(id) && isOne(id)).length);`;

/** A cgroup's name has the pod's uid, with dashes or underscores. */
const killScript = (uid: string): string => `
  for process in /proc/[0-9]*; do
    grep -q "${uid.replaceAll("-", "[-_]")}" $process/cgroup 2>/dev/null || continue
    tr '\\0' ' ' < $process/cmdline | grep -q '^/usr/local/bin/node /app/main[.]' || continue
    kill -KILL "\${process#/proc/}" && exit 0
  done
  exit 1`;
