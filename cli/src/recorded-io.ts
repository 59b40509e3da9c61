/** An Io for tests: keeps what is written, takes what is given, starts nothing. */
import type { Host, Io, Screen } from "./io.ts";
import { createPaint } from "./output/paint.ts";

/** What a test gives, and what a command left behind. */
export interface RecordedIo {
  readonly io: Io;
  readonly out: () => string;
  readonly err: () => string;
  readonly exitCode: () => number | undefined;
}

/** Creates a recorded Io. `columns` makes both streams terminals of that width; `isColored` turns colours on. */
export function recordIo(given: {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
  readonly cwd?: string;
  readonly columns?: number;
  readonly isColored?: boolean;
}): RecordedIo {
  const written = { out: "", err: "" };
  let exitCode: number | undefined;
  const screen = (name: "out" | "err"): Screen => ({
    write: (text) => {
      written[name] += text;
    },
    columns: () => given.columns,
    rows: () => (given.columns === undefined ? undefined : 24),
    paint: createPaint(given.isColored === true),
  });
  return {
    io: {
      out: screen("out"),
      err: screen("err"),
      readStdin: () => Promise.resolve(given.stdin ?? ""),
      pipe: { input: refuse, write: refuse, isTerminal: false },
      env: given.env ?? {},
      cwd: given.cwd ?? "/work",
      setExitCode: (code) => {
        exitCode = code;
      },
      host: idleHost,
    },
    out: () => written.out,
    err: () => written.err,
    exitCode: () => exitCode,
  };
}

const refuse = (): never => {
  throw new Error("this command has no business with processes");
};

const idleHost: Host = {
  pid: 0,
  tempFolder: "/nonexistent",
  userFolders: () => ({ system: "linux", home: "/nonexistent", roaming: "/nonexistent" }),
  command: ["/usr/bin/node", "/opt/outrigger/bin/outrigger.js"],
  programs: refuse,
  onSignal: refuse,
  onStdinEnd: refuse,
  onExit: refuse,
  exit: refuse,
};
