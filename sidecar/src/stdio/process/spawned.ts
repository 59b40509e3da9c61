/** Streams from a process of the sidecar's own: its start, its stderr, its end with everything that it started. */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { closedInput, exited, type ChildEnd } from "./child-end.ts";
import { followErrorOutput } from "./error-output.ts";
import { endProcess, signalGroup } from "./process-group.ts";
import { createSurvivor, type Survivor } from "./survivor.ts";
import type { ServerStreams, StreamsDeps, StreamsListener, StreamSource } from "./streams.ts";

/** How a server is started: an argv that no shell touches, and the whole of its environment. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
}

/** `stopWaitMs`: between closing stdin, SIGTERM and SIGKILL. */
export interface SpawnOptions {
  readonly server: ServerCommand;
  readonly stopWaitMs: number;
}

/** How long the pipes of a process that has exited may stay open before they are cut. */
const drainMs = 1_000;

/** What servers have to end by themselves after a sidecar that was killed. */
const orphanGraceSeconds = 2;

type Process = ChildProcessByStdio<Writable, Readable, Readable>;

/** Creates the source; nothing is started yet. */
export function createSpawnSource(options: SpawnOptions): StreamSource {
  const { server } = options;
  const survivor = createSurvivor(orphanGraceSeconds);
  return {
    open(listener, deps) {
      try {
        const running = spawn(server.command, [...server.args], {
          cwd: server.cwd,
          env: server.env,
          stdio: ["pipe", "pipe", "pipe"],
          // A group of its own: signals reach what the server starts, and the terminal's Ctrl-C does not reach the server.
          detached: true,
          shell: false,
        });
        watchOver(running, survivor);
        return { ok: true, streams: supervise(running, options, { ...deps, listener }) };
      } catch (error) {
        return { ok: false, end: describeSpawnError(server, error) };
      }
    },
    close: () => undefined,
  };
}

/** The process leads a group of its own id, until the last of the group has ended. */
function watchOver(running: Process, survivor: Survivor): void {
  const { pid } = running;
  if (pid === undefined) return;
  survivor.add(pid);
  running.on("close", () => survivor.remove(pid));
}

function supervise(
  running: Process,
  { server, stopWaitMs }: SpawnOptions,
  { listener, logger, now }: StreamsDeps & { readonly listener: StreamsListener },
): ServerStreams {
  const errors = followErrorOutput(running.stderr, { logger: logger.child({ pid: running.pid }), now });
  const gone = Promise.withResolvers<undefined>();
  // A pipe that fails is told by "close"; without a listener its error would end the sidecar.
  for (const pipe of [running.stdout, running.stderr]) pipe.on("error", () => pipe.destroy());
  running.stdin.on("error", () => {
    // Where it is about to exit, "close" tells; where it lives on, it can't be used.
    if (running.exitCode === null && running.signalCode === null) listener.onEnd(closedInput, "lives");
  });
  running.on("error", (error) => listener.onEnd(describeSpawnError(server, error), "gone"));
  running.on("exit", () => {
    // Whatever the server started goes with it; what it wrote before is still read.
    signalGroup(running, "SIGKILL");
    listener.onExit();
    setTimeout(() => [running.stdout, running.stderr].forEach((stream) => stream.destroy()), drainMs).unref();
  });
  running.on("close", (code, signal) => {
    listener.onEnd({ ...exited(code, signal), lastWords: errors.lastLine() }, "gone");
    gone.resolve(undefined);
  });
  return {
    pid: running.pid,
    input: running.stdin,
    output: running.stdout,
    takeNotice: () => false,
    end: (input) => endProcess(running, input, stopWaitMs),
    gone: gone.promise,
  };
}

function describeSpawnError(server: ServerCommand, error: unknown): ChildEnd {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT") {
    const where = server.cwd === undefined ? "" : `, or its folder ${server.cwd},`;
    return { kind: "NotStarted", message: `the command ${server.command}${where} does not exist`, isMissing: true };
  }
  const cause = error instanceof Error ? error.message : String(error);
  return { kind: "NotStarted", message: `the command ${server.command} can't be started: ${cause}` };
}
