/** A pod in a network of its own: injected by the real decision, its server and its sidecar run as a kubelet would, and somebody who calls it. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { env, execPath } from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { defaultConfig } from "@outrigger/webhook/inject";
import { endWithTest, injectPod, resolveEnv, startSidecar, type InjectedPod } from "../integration/webhook-pod.ts";
import type { RunningSidecar, Variable } from "../integration/webhook-pod.ts";
import type { Question } from "./caller.ts";
import { makePodNetwork, type Family, type PodNetwork } from "./network.ts";

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const everything = pathOf("../../node_modules/@modelcontextprotocol/server-everything/dist/index.js");
const bindsHost = pathOf("../cluster/product/app/bind-host.ts");

/** Of this process's own environment only what finds and speeds up programs. */
const own = { PATH: env["PATH"], NODE_COMPILE_CACHE: env["NODE_COMPILE_CACHE"] };

/** Where the server listens. */
export const appPort = 3001;

/** What a server's container runs: the reference server, on all addresses, on the one that its variable HOST names, or on none. */
export const servers = {
  wildcard: [execPath, everything, "streamableHttp"],
  stdio: [execPath, everything, "stdio"],
  bindsHost: [execPath, "--import", bindsHost, everything, "streamableHttp"],
} as const;

/** A pod to be. */
export interface PodPlan {
  readonly annotations: Readonly<Record<string, string>>;
  readonly container?: object;
  readonly families?: readonly Family[];
}

/** A pod with nothing running in it yet. */
export interface Pod {
  readonly network: PodNetwork;
  readonly injected: InjectedPod;
  /** `mounts` gives the real place of a path in a container. */
  readonly startSidecar: (mounts?: (path: string) => string) => Promise<RunningSidecar>;
  /** Runs the server with the variables of its container. */
  readonly startServer: (command: readonly string[], more?: Readonly<Record<string, string>>) => RunningServer;
  /** Asks from elsewhere in the network. */
  readonly ask: (question: Question) => Promise<string>;
}

/** A server's process. */
export interface RunningServer {
  readonly child: ChildProcess;
  readonly errors: () => string;
}

/** Injects a pod and makes its network. */
export function makePod({ annotations, container = {}, families }: PodPlan): Pod {
  const network = makePodNetwork(families);
  const given = { ports: [{ name: "http", containerPort: appPort }], env: portVariable, ...container };
  const injected = injectPod({ container: given, annotations, config: defaultConfig });
  return {
    network,
    injected,
    startSidecar: (mounts) => startSidecar(injected, mounts, { podIps: network.podIps, inside: network.insidePod }),
    startServer: (command, more = {}) => startServer(injected, network, { command, more }),
    ask: startCaller(network),
  };
}

const portVariable: readonly Variable[] = [{ name: "PORT", value: String(appPort) }];

function startServer(
  injected: InjectedPod,
  network: PodNetwork,
  { command, more }: { readonly command: readonly string[]; readonly more: Readonly<Record<string, string>> },
): RunningServer {
  const [app] = injected.spec.containers as readonly { readonly env?: readonly Variable[] }[];
  const variables = { ...resolveEnv(app?.env ?? [], network.podIps), ...more };
  const [file = "", ...args] = [...network.insidePod, ...command];
  const child = spawn(file, args, { env: { ...own, ...variables }, stdio: ["ignore", "ignore", "pipe"] });
  endWithTest(child);
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  return { child, errors: () => errors };
}

function startCaller({ insideCaller }: PodNetwork): Pod["ask"] {
  const [file, ...args] = [...insideCaller, execPath, pathOf("caller.ts")];
  const child = spawn(file, args, { env: own, stdio: ["pipe", "pipe", "inherit"] });
  endWithTest(child);
  const lines = createInterface({ input: child.stdout });
  return async (question) => {
    const answered = once(lines, "line");
    child.stdin.write(`${JSON.stringify(question)}\n`);
    // The program writes one text for each question.
    const [line] = (await answered) as [string];
    return JSON.parse(line) as string;
  };
}
