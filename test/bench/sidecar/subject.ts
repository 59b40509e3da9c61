/**
 * Starts what is measured, each as a process of its own on the last core, and ends it. Its output goes nowhere: reading it would cost the
 * core that makes the load.
 */
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { waitFor } from "../../fixtures/wait-for.ts";
import { pinTo, type Core } from "./cores.ts";

/** A running program that serves MCP on a port of 127.0.0.1. */
export interface Subject {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** Headers that its requests need, such as a session. */
  readonly headers: Readonly<Record<string, string>>;
  readonly isRunning: () => boolean;
  /** The end of its error output so far. */
  readonly stderr: () => string;
  readonly stop: () => Promise<void>;
}

/** What is started. */
export interface SubjectOptions {
  readonly name: string;
  /** Node's arguments: flags, the program, its own. */
  readonly args: readonly string[];
  readonly port: number;
  readonly core: Core;
  readonly env?: Readonly<Record<string, string>>;
  /** Hears of the process before it listens. */
  readonly onStart?: (process: Process) => void;
}

const keptErrorOutput = 2_000;
const stopWithinMs = 12_000;

/** A started process. */
export interface Process {
  readonly pid: number;
  readonly isRunning: () => boolean;
  readonly stderr: () => string;
  readonly stop: () => Promise<void>;
}

/** Starts Node on a core. Never throws: what can't be started is not running. */
export function startProcess({ args, core, env = {} }: Pick<SubjectOptions, "args" | "core" | "env">): Process {
  const [file = "", ...rest] = [...pinTo(core), process.execPath, ...args];
  const child = spawn(file, rest, { stdio: ["pipe", "ignore", "pipe"], env: { ...process.env, ...env } });
  const ended = Promise.withResolvers<undefined>();
  let stderr = "";
  let isRunning = true;
  const onEnd = (): void => {
    isRunning = false;
    ended.resolve(undefined);
  };
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr = (stderr + chunk).slice(-keptErrorOutput)));
  child.once("close", onEnd);
  child.on("error", (error) => {
    stderr += error.message;
    if (child.pid === undefined) onEnd();
  });
  child.stdin.on("error", () => undefined);
  return {
    pid: child.pid ?? 0,
    isRunning: () => isRunning,
    stderr: () => stderr,
    stop: async () => {
      const timer = setTimeout(() => child.kill("SIGKILL"), stopWithinMs);
      child.kill("SIGTERM");
      await ended.promise.finally(() => clearTimeout(timer));
    },
  };
}

/** Starts a subject and waits until its port is open. Rejects with its error output where it does not get there. */
export async function startSubject(options: SubjectOptions): Promise<Subject> {
  const program = startProcess(options);
  options.onStart?.(program);
  try {
    const state = await waitFor(`${options.name} to listen`, async () => {
      if (!program.isRunning()) return "ended";
      return (await canConnect(options.port)) && "listening";
    });
    if (state === "ended") throw new Error(`${options.name} ended: ${program.stderr().trim()}`);
  } catch (error) {
    await program.stop();
    throw error;
  }
  return { ...program, name: options.name, port: options.port, headers: {} };
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
