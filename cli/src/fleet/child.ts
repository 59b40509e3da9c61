/**
 * One run of one program: started with a piped stdin, so that it ends when we do, and in a process group of its own, so that
 * Ctrl-C in a terminal reaches us alone. Says when it listens, when it ended and how. Restarting is not decided here.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { CommandStart } from "./program.ts";
import { readLogLine, readPorts, type LogLine } from "./log-line.ts";

/** What is started. `cwd` and `env` are the child's own. */
export interface ChildSpec {
  readonly start: CommandStart;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
}

/** How a run ended. `code` is undefined after a signal or where the program could not be started at all. */
export interface Exit {
  readonly code: number | undefined;
  readonly how: string;
  /** The last lines of stderr. */
  readonly lastWords: readonly string[];
}

/** What a run tells while it lasts. `onExit` comes exactly once, after everything else. */
export interface ChildEvents {
  readonly onListening: (ports: Readonly<Record<string, number>>) => void;
  readonly onLine: (line: LogLine) => void;
  readonly onExit: (exit: Exit) => void;
}

/** A run under way. `stop` asks it to end, and ends it by force after `graceMs`; `kill` does so at once. */
export interface Child {
  readonly pid: number | undefined;
  readonly stop: (graceMs: number) => void;
  readonly kill: () => void;
}

const keptLines = 20;

/** Starts a program. Never throws: a command that does not exist is an exit like any other. */
export function startChild(spec: ChildSpec, events: ChildEvents): Child {
  const [file = "", ...before] = spec.start;
  const process = spawn(file, [...before, ...spec.args], {
    cwd: spec.cwd,
    env: spec.env,
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    windowsHide: true,
  });
  const lastWords: string[] = [];
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  const end = (code: number | undefined, how: string): void => {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    events.onExit({ code, how, lastWords });
  };
  readLines(process, { lastWords, events });
  // A child that ended takes no more input; that it ended is told by its exit.
  process.stdin.on("error", () => undefined);
  process.on("error", (error) => end(undefined, error.message));
  process.on("close", (code, signal) => end(code ?? undefined, signal ?? `exit code ${code}`));
  const kill = (): void => killGroup(process);
  return {
    pid: process.pid,
    stop: (graceMs) => {
      if (ended) return;
      process.kill("SIGTERM");
      timer ??= setTimeout(kill, graceMs);
    },
    kill,
  };
}

function readLines(
  process: { readonly stdout: NodeJS.ReadableStream; readonly stderr: NodeJS.ReadableStream },
  to: { readonly lastWords: string[]; readonly events: ChildEvents },
): void {
  createInterface({ input: process.stdout }).on("line", (text) => {
    const line = readLogLine(text);
    if (line === undefined) return;
    const ports = readPorts(line);
    if (ports !== undefined) to.events.onListening(ports);
    to.events.onLine(line);
  });
  createInterface({ input: process.stderr }).on("line", (text) => {
    to.lastWords.push(text);
    if (to.lastWords.length > keptLines) to.lastWords.shift();
  });
}

/** The group, not only the process: what a program started itself must not outlive it. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    globalThis.process.kill(-child.pid, "SIGKILL");
  } catch {
    // No such group any more, or a system without groups: then the process itself is all there is to end.
    child.kill("SIGKILL");
  }
}
