/**
 * One process of a stdio server: its start, its lines in and out, its end. Which message goes where is not decided here.
 * A child has a logical end (no message in or out any more, told once) and is gone later, when its process group is.
 */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import type { Logger } from "@outrigger/runtime/logger";
import { followErrorOutput } from "./error-output.ts";
import { createInput, type QueuedLine } from "./input.ts";
import { toLine } from "./line.ts";
import { createOutput } from "./output.ts";
import { endProcess, signalGroup } from "./process-group.ts";
import { readServerMessage, type ServerMessage } from "./read-message.ts";

/** How a server is started: an argv that no shell touches, and the whole of its environment. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
}

/**
 * Why a child ended. `NotStarted`: there never was a process (`isMissing`: the command or folder does not exist);
 * `Exited`: the process ended by itself; `Broken`: it broke a bound; `Stopped`: we ended it.
 * `message` may be shown to callers; `lastWords`, from its stderr, only to who runs the server.
 */
export interface ChildEnd {
  readonly kind: "NotStarted" | "Exited" | "Broken" | "Stopped";
  readonly message: string;
  readonly lastWords?: string | undefined;
  readonly isMissing?: true;
}

/** What a child needs to live. Bounds in bytes and ms. */
export interface ChildSettings {
  readonly server: ServerCommand;
  readonly maxLineBytes: number;
  readonly maxQueuedBytes: number;
  readonly stopWaitMs: number;
  readonly logger: Logger;
  readonly now: () => number;
}

/** Who hears of a child. `onEnd` comes exactly once and after it nothing. */
export interface ChildListener {
  readonly onMessage: (message: ServerMessage) => void;
  readonly onEnd: (end: ChildEnd) => void;
}

/** A running child. */
export interface Child {
  readonly pid: number | undefined;
  /** Whether it has ever answered a request. */
  readonly hasAnswered: () => boolean;
  /** Queues a message; undefined where the queue is full or the child has ended. */
  readonly write: (message: Uint8Array) => QueuedLine | undefined;
  /** Stops reading its stdout until every holder has released it. */
  readonly hold: (holder: object) => void;
  readonly release: (holder: object) => void;
  readonly stop: (message: string) => void;
  /** Settles when no process of the group is left. */
  readonly gone: Promise<void>;
}

/** How long the pipes of a process that has exited may stay open before they are cut. */
const drainMs = 1_000;

type Process = ChildProcessByStdio<Writable, Readable, Readable>;

/** Starts a child. A start that fails is told by `onEnd` like any other end, never by a throw. */
export function startChild(settings: ChildSettings, listener: ChildListener): Child {
  const { server } = settings;
  try {
    const running = spawn(server.command, [...server.args], {
      cwd: server.cwd,
      env: server.env,
      stdio: ["pipe", "pipe", "pipe"],
      // A group of its own: signals reach what the server starts, and the terminal's Ctrl-C does not reach the server.
      detached: true,
      shell: false,
    });
    return superviseChild(running, settings, listener);
  } catch (error) {
    queueMicrotask(() => listener.onEnd(describeSpawnError(settings, error)));
    return createDeadChild();
  }
}

/** Stands in for a child that never was: it takes lines as if they waited, so that its end fails their requests. */
function createDeadChild(): Child {
  const nothing = (): void => undefined;
  return {
    pid: undefined,
    hasAnswered: () => false,
    write: () => ({ isWritten: () => false, drop: () => true }),
    hold: nothing,
    release: nothing,
    stop: nothing,
    gone: Promise.resolve(),
  };
}

function superviseChild(running: Process, settings: ChildSettings, listener: ChildListener): Child {
  const logger = settings.logger.child({ pid: running.pid });
  const input = createInput(running.stdin, settings.maxQueuedBytes);
  const errors = followErrorOutput(running.stderr, { logger, now: settings.now });
  const gone = Promise.withResolvers<undefined>();
  let hasEnded = false;
  let hasAnswered = false;
  const end = (why: ChildEnd): void => {
    if (hasEnded) return;
    hasEnded = true;
    output.close();
    listener.onEnd(why);
  };
  const breakOff = (message: string): void => {
    if (hasEnded) return;
    end({ kind: "Broken", message });
    endProcess(running, input, settings.stopWaitMs);
  };
  const output = createOutput(running.stdout, {
    maxLineBytes: settings.maxLineBytes,
    onLine: (line) => {
      const message = readServerMessage(line);
      if (message === undefined) {
        logger.warn({ bytes: line.length }, "a line of the server is no message and was skipped");
        return;
      }
      if (message.type === "response") hasAnswered = true;
      listener.onMessage(message);
    },
    onOverflow: () => breakOff(`the server sent a line of more than ${settings.maxLineBytes} bytes`),
  });

  // A pipe that fails is told by "close"; without a listener its error would end the sidecar.
  for (const pipe of [running.stdout, running.stderr]) pipe.on("error", () => pipe.destroy());
  running.stdin.on("error", () => {
    // The server closed its input. Where it is about to exit, "close" tells; where it lives on, it can't be used.
    if (running.exitCode === null && running.signalCode === null) breakOff("the server closed its input");
  });
  running.on("error", (error) => end(describeSpawnError(settings, error)));
  running.on("exit", () => {
    // Whatever the server started goes with it; what it wrote before is still read.
    signalGroup(running, "SIGKILL");
    output.releaseAll();
    setTimeout(() => [running.stdout, running.stderr].forEach((stream) => stream.destroy()), drainMs).unref();
  });
  running.on("close", (code, signal) => {
    end({ kind: "Exited", message: describeExit(code, signal), lastWords: errors.lastLine() });
    gone.resolve(undefined);
  });

  return {
    pid: running.pid,
    hasAnswered: () => hasAnswered,
    write: (message) => (hasEnded ? undefined : input.write(toLine(message))),
    hold: output.hold,
    release: output.release,
    stop(message) {
      if (hasEnded) return;
      end({ kind: "Stopped", message });
      endProcess(running, input, settings.stopWaitMs);
    },
    gone: gone.promise,
  };
}

function describeSpawnError({ server }: ChildSettings, error: unknown): ChildEnd {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT") {
    const where = server.cwd === undefined ? "" : `, or its folder ${server.cwd},`;
    return { kind: "NotStarted", message: `the command ${server.command}${where} does not exist`, isMissing: true };
  }
  const cause = error instanceof Error ? error.message : String(error);
  return { kind: "NotStarted", message: `the command ${server.command} can't be started: ${cause}` };
}

function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  return `the server's process ended ${signal === null ? `with code ${String(code)}` : `by ${signal}`}`;
}
