/** Starts the programs of a run and ends exactly those, by pid. What a program is and when it is ready is the caller's word. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** How long a program may take: to say that it is ready, to run to its end, to end when told to. Whoever takes longer is killed. */
export interface Deadlines {
  readyWithinMs: number;
  runWithinMs: number;
  endWithinMs: number;
}

const defaultDeadlines: Deadlines = { readyWithinMs: 30_000, runWithinMs: 300_000, endWithinMs: 5_000 };
/** How much of a program's error output is kept for the message when it fails, in characters. */
const keptErrorOutput = 2_000;

/** What a finished program left behind. */
export interface Finished {
  stdout: string;
  /** The end of its error output. */
  stderr: string;
}

/** The programs of one run. */
export interface Programs {
  /** Starts `node ...args` and returns what `findReady` finds first in a line of its standard output. Rejects when it ends or stays silent instead. */
  start(args: readonly string[], findReady: (line: string) => string | undefined): Promise<string>;
  /** Runs `node ...args` to its end, whatever its exit code, or as far as it came in time. Rejects when endAll was called before that. */
  run(args: readonly string[]): Promise<Finished>;
  /** Ends everything that still runs, last started first. Nothing can be started afterwards. */
  endAll(): Promise<void>;
}

/** Creates an empty set of programs. They run on the Node that runs this. */
export function createPrograms(deadlines: Partial<Deadlines> = {}): Programs {
  const { readyWithinMs, runWithinMs, endWithinMs } = { ...defaultDeadlines, ...deadlines };
  const running = new Set<ChildProcess>();
  let ended = false;
  const launch = (args: readonly string[]): ChildProcess => {
    if (ended) throw new Error("the run has ended");
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"] });
    running.add(child);
    child.once("exit", () => running.delete(child));
    return child;
  };
  return {
    async start(args, findReady) {
      const child = launch(args);
      const stderr = keepEnd(child);
      try {
        return await waitUntilReady(child, findReady, readyWithinMs);
      } catch (error) {
        throw new Error(`${args.join(" ")} did not start\n${stderr()}`, { cause: error });
      }
    },
    async run(args) {
      const child = launch(args);
      const stderr = keepEnd(child);
      let stdout = "";
      child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
      const timer = setTimeout(() => child.kill("SIGKILL"), runWithinMs);
      await once(child, "close");
      clearTimeout(timer);
      if (ended) throw new Error(`${args.join(" ")} was ended before it was done`);
      return { stdout, stderr: stderr() };
    },
    async endAll() {
      ended = true;
      for (const child of [...running].reverse()) await end(child, endWithinMs);
    },
  };
}

function keepEnd(child: ChildProcess): () => string {
  let kept = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (kept = (kept + chunk).slice(-keptErrorOutput)));
  return () => kept;
}

async function waitUntilReady(
  child: ChildProcess,
  findReady: (line: string) => string | undefined,
  readyWithinMs: number,
): Promise<string> {
  const { stdout } = child;
  if (stdout === null) throw new Error("started without a standard output");
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new Error(`was not ready within ${readyWithinMs} ms`)), readyWithinMs);
  child.once("close", (code) => reject(new Error(`ended with exit code ${String(code)}`)));
  // The lines are read to the end of the program: a full pipe would stop it.
  createInterface({ input: stdout }).on("line", (line) => {
    const ready = findReady(line);
    if (ready !== undefined) resolve(ready);
  });
  return promise.finally(() => clearTimeout(timer));
}

async function end(child: ChildProcess, endWithinMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  const timer = setTimeout(() => child.kill("SIGKILL"), endWithinMs);
  child.kill("SIGTERM");
  await exited;
  clearTimeout(timer);
}
