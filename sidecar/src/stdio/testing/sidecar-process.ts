/** For tests: the sidecar as the process that users start, in front of the misbehaving stdio server. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { readFeedState, type FeedState } from "@outrigger/api/feed";
import { createEventSplitter } from "@outrigger/mcp";
import { makeFolder, readRecords, type Recorded } from "./fixture.ts";
import { startShim, type ShimProcess } from "./shim.ts";

const program = fileURLToPath(new URL("../../main.ts", import.meta.url));
const server = fileURLToPath(new URL("../../../../test/fixtures/stdio-servers/server.ts", import.meta.url));

/** A running sidecar. */
export interface SidecarProcess {
  readonly url: URL;
  /** Every state that its control port told, oldest first. */
  readonly states: readonly FeedState[];
  readonly records: () => readonly Recorded[];
  readonly stop: () => Promise<number | null>;
  /** Ends it by a signal that it can't hear. */
  readonly kill: () => Promise<void>;
}

/** A sidecar whose server is to run in a container of its own. */
export interface AwaitingSidecar extends SidecarProcess {
  readonly adminUrl: URL;
  /** Starts the container: the shim in front of the server. */
  readonly startContainer: (switches: readonly string[]) => ShimProcess;
}

const freePorts = ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--admin", "127.0.0.1:0"];

/** Starts a sidecar on free ports and follows its feed. */
export function startSidecar(switches: readonly string[]): Promise<SidecarProcess> {
  const log = join(makeFolder(), "log");
  return run({ args: ["--", process.execPath, server, "--log", log, ...switches], env: {}, log });
}

/** Starts a sidecar whose server's container is not there yet. */
export async function startAwaitingSidecar(): Promise<AwaitingSidecar> {
  const folder = makeFolder();
  const log = join(folder, "log");
  const socket = join(folder, "stdio.sock");
  const sidecar = await run({ args: [], env: { OUTRIGGER_STDIO_SOCKET: socket }, log });
  return {
    ...sidecar,
    startContainer: (switches) =>
      startShim({ command: process.execPath, args: [server, "--log", log, ...switches], env: {} }, socket),
  };
}

async function run(start: {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly log: string;
}): Promise<SidecarProcess & { readonly adminUrl: URL }> {
  const { args, env, log } = start;
  const child = spawn(
    process.execPath,
    ["--conditions=outrigger-source", program, ...freePorts, "--drain-seconds", "0", ...args],
    { env, stdio: ["ignore", "pipe", "inherit"] },
  );
  const { dataPort, controlPort, adminPort } = await readPorts(child.stdout);
  const states: FeedState[] = [];
  const leaving = new AbortController();
  const feed = await fetch(`http://127.0.0.1:${controlPort}/v1/feed`, { signal: leaving.signal });
  void readStates(feed, states).catch(() => undefined);
  return {
    url: new URL(`http://127.0.0.1:${dataPort}/mcp`),
    adminUrl: new URL(`http://127.0.0.1:${adminPort}`),
    states,
    records: () => readRecords(log),
    async kill() {
      leaving.abort();
      child.kill("SIGKILL");
      await once(child, "exit");
    },
    async stop() {
      leaving.abort();
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill("SIGTERM");
      const [code] = (await once(child, "exit")) as [number | null];
      return code;
    },
  };
}

interface Ports {
  readonly dataPort: number;
  readonly controlPort: number;
  readonly adminPort: number;
}

function readPorts(stdout: NodeJS.ReadableStream): Promise<Ports> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: stdout });
    lines.on("close", () => reject(new Error("the sidecar ended before it listened")));
    lines.on("line", (line) => {
      const read = JSON.parse(line) as { readonly msg: string } & Ports;
      if (read.msg === "listening") resolve(read);
    });
  });
}

async function readStates(feed: Response, states: FeedState[]): Promise<void> {
  const splitter = createEventSplitter({ maxEventBytes: 1_000_000 });
  for await (const chunk of feed.body ?? []) {
    for (const { data } of splitter.push(chunk as Uint8Array).events) {
      const state = data === undefined ? undefined : readFeedState(JSON.parse(data));
      if (state !== undefined) states.push(state);
    }
  }
}
