/** What a command may touch of its process: two streams, stdin, environment, folder, exit code. Made once in main.ts. */
import { homedir, tmpdir } from "node:os";
import type { System } from "./clients/write/find-place.ts";
import { findPrograms, type Programs } from "./fleet/program.ts";
import { createPaint, type Paint } from "./output/paint.ts";

/** One output stream. `columns` and `rows` are those of the terminal, or undefined where the text goes to a file or a pipe. */
export interface Screen {
  readonly write: (text: string) => void;
  readonly columns: () => number | undefined;
  readonly rows: () => number | undefined;
  readonly paint: Paint;
}

/** The process as commands see it. Data goes to `out`; progress, hints and errors go to `err`. */
export interface Io {
  readonly out: Screen;
  readonly err: Screen;
  readonly readStdin: () => Promise<string>;
  readonly pipe: Pipe;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly setExitCode: (code: number) => void;
  readonly host: Host;
}

/** Standard input and output as streams of bytes, for a command that another program talks to. */
export interface Pipe {
  readonly input: () => AsyncIterable<Uint8Array>;
  /** Resolves when the reader takes more. Rejects where it went away. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /** Whether a person sits at standard input. */
  readonly isTerminal: boolean;
}

/** What a command that starts and ends programs needs of its process and machine. */
export interface Host {
  readonly pid: number;
  readonly tempFolder: string;
  /** Where a person's own files are on this system. `roaming`: what Windows calls APPDATA, elsewhere the home folder. */
  readonly userFolders: () => { readonly system: System; readonly home: string; readonly roaming: string };
  /** Program and arguments that start this command again, from anywhere. */
  readonly command: readonly string[];
  readonly programs: () => Programs;
  /** Tells each signal that asks us to end. */
  readonly onSignal: (handler: (signal: NodeJS.Signals) => void) => void;
  readonly onStdinEnd: (handler: () => void) => void;
  /** Runs last, also after a crash; nothing asynchronous happens any more. */
  readonly onExit: (handler: () => void) => void;
  readonly exit: (code: number) => void;
}

/** When colour is used: `auto` means on a terminal, unless NO_COLOR is set or TERM is `dumb`. */
export type ColorChoice = "auto" | "always" | "never";

/** Wraps a real process. */
export function createIo(process: NodeJS.Process, color: ColorChoice): Io {
  return {
    out: createScreen(process.stdout, wantsColor(process.stdout, process.env, color)),
    err: createScreen(process.stderr, wantsColor(process.stderr, process.env, color)),
    readStdin: () => readAll(process.stdin),
    pipe: createPipe(process),
    env: process.env,
    cwd: process.cwd(),
    setExitCode: (code) => {
      process.exitCode = code;
    },
    host: createHost(process),
  };
}

function createPipe({ stdin, stdout }: NodeJS.Process): Pipe {
  return {
    input: () => stdin,
    write: (bytes) => {
      const { promise, resolve, reject } = Promise.withResolvers<undefined>();
      stdout.write(bytes, (error) => (error ? reject(error) : resolve(undefined)));
      return promise;
    },
    // A stream that is not a terminal lacks the member, whatever its type says.
    isTerminal: (stdin.isTTY as boolean | undefined) === true,
  };
}

const systems: Partial<Record<NodeJS.Platform, System>> = { darwin: "macos", win32: "windows" };
const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function createHost(process: NodeJS.Process): Host {
  return {
    pid: process.pid,
    tempFolder: tmpdir(),
    userFolders: () => ({
      system: systems[process.platform] ?? "linux",
      home: homedir(),
      roaming: process.env["APPDATA"] ?? homedir(),
    }),
    command: [process.execPath, ...process.argv.slice(1, 2)],
    programs: () =>
      findPrograms(
        {
          sidecar: import.meta.resolve("@outrigger/sidecar/main"),
          aggregator: import.meta.resolve("@outrigger/aggregator/main"),
        },
        process.execPath,
      ),
    onSignal: (handler) => {
      for (const signal of endingSignals) process.on(signal, handler);
    },
    onStdinEnd: (handler) => {
      process.stdin.on("end", handler).on("error", handler).resume();
      // Watching alone is no reason to go on; a file as stdin has nothing to unref.
      if ("unref" in process.stdin) process.stdin.unref();
    },
    onExit: (handler) => void process.on("exit", handler),
    exit: (code) => process.exit(code),
  };
}

function wantsColor(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
  color: ColorChoice,
): boolean {
  if (color !== "auto") return color === "always";
  const isPlain = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return stream.isTTY === true && !isPlain;
}

function createScreen(stream: NodeJS.WriteStream, isColored: boolean): Screen {
  // A stream that is not a terminal lacks the member, whatever its type says.
  const isTerminal = (stream.isTTY as boolean | undefined) === true;
  return {
    write: (text) => void stream.write(text),
    columns: () => (isTerminal ? stream.columns : undefined),
    rows: () => (isTerminal ? stream.rows : undefined),
    paint: createPaint(isColored),
  };
}

async function readAll(stream: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString("utf8");
}
