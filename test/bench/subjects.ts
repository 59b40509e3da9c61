/** Starts the programs of a benchmark as processes of their own, pinned where `taskset` exists, and reads their CPU time. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { startProgram } from "../fixtures/program.ts";

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

/** Starts `node ...args` and waits for its line `"msg":"listening"`. */
export async function startSubject(options: {
  readonly name: string;
  readonly args: readonly string[];
  readonly core: "first" | "last";
}): Promise<Subject> {
  const core = options.core === "first" ? 0 : cpus().length - 1;
  const pinning = isPinned ? ["taskset", "-c", String(core)] : [];
  const listening = Promise.withResolvers<number>();
  const program = startProgram([...pinning, process.execPath, ...options.args], {
    onLine: (line) => {
      // The programs write one JSON object per line.
      const { msg, dataPort } = JSON.parse(line) as { readonly msg: string; readonly dataPort: number };
      if (msg === "listening") listening.resolve(dataPort);
    },
  });
  const port = await program.whenReady(listening.promise);
  return {
    name: options.name,
    port,
    cpuUs: () => readCpuUs(program.pid),
    memoryMiB: () => readMemory(program.pid),
    stop: async () => {
      await program.stop();
    },
  };
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
