/** Starts the programs of a benchmark as processes of their own, pinned where `taskset` exists, and reads their CPU time. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { createInterface } from "node:readline";

/** A running program with the port that it serves. */
export interface Subject {
  readonly name: string;
  readonly port: number;
  /** CPU time of the process with all its threads since its start, in microseconds. */
  readonly cpuUs: () => number;
  /** Resident memory in MiB: all, and the part that no file backs. */
  readonly memoryMiB: () => { readonly rss: number; readonly anon: number };
  readonly stop: () => Promise<void>;
}

/** True where programs can be pinned to cores. */
export const isPinned = ((): boolean => {
  try {
    execFileSync("taskset", ["--version"], { stdio: "ignore" });
    return cpus().length > 1;
  } catch {
    return false;
  }
})();

/** Pins the calling process and its load to the first core, so that proxies have the last one for themselves. */
export function pinSelf(): void {
  if (isPinned) execFileSync("taskset", ["-acp", "0", String(process.pid)], { stdio: "ignore" });
}

/** Starts a program and waits for its line `"msg":"listening"`. */
export async function startSubject(options: {
  readonly name: string;
  readonly args: readonly string[];
  readonly core: "first" | "last";
  readonly env?: Readonly<Record<string, string>>;
}): Promise<Subject> {
  const core = options.core === "first" ? 0 : cpus().length - 1;
  const command = [process.execPath, ...options.args];
  const [program = "", ...args] = isPinned ? ["taskset", "-c", String(core), ...command] : command;
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...options.env } });
  const port = await waitForPort(child, options.name);
  const pid = child.pid ?? 0;
  return {
    name: options.name,
    port,
    cpuUs: () => readCpuUs(pid),
    memoryMiB: () => readMemory(pid),
    stop: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      child.stdin.end();
      await ended;
    },
  };
}

async function waitForPort(child: ChildProcess, name: string): Promise<number> {
  if (child.stdout === null) throw new Error(`${name} has no output`);
  const lines = createInterface({ input: child.stdout });
  const exited = new Promise<never>((_, reject) =>
    child.once("exit", (code) => reject(new Error(`${name} ended with code ${String(code)}`))),
  );
  exited.catch(() => undefined);
  const found = new Promise<number>((resolve) => {
    lines.on("line", (line) => {
      if (!line.includes('"listening"')) return;
      // The programs write one JSON object per line.
      const { dataPort } = JSON.parse(line) as { dataPort: number };
      resolve(dataPort);
    });
  });
  return Promise.race([found, exited]);
}

function readCpuUs(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = tasks.map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1_000;
}

function readMemory(pid: number): { rss: number; anon: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? Number.NaN) / 1024;
  return { rss: field("VmRSS"), anon: field("RssAnon") };
}
