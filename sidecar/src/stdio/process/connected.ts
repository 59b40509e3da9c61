/**
 * Streams from the shim in the server's container: one connection is one session with a process of its own there. The shim starts
 * and ends the process; here a session is a connection that opens, speaks and closes.
 */
import { connect, type Socket } from "node:net";
import { closedInput, type ChildEnd } from "./child-end.ts";
import { readShimWord } from "./shim-word.ts";
import { createSocketWatch, identifySocket } from "./socket-watch.ts";
import type { ServerStreams, StreamsListener, StreamSource } from "./streams.ts";

/**
 * `stopWaitMs`: between closing the server's stdin and closing the connection, at which the shim ends the process.
 * `onReachable` is told when a socket is there that nobody listened on before.
 */
export interface SocketOptions {
  readonly path: string;
  readonly stopWaitMs: number;
  readonly onReachable: () => void;
}

/** Creates the source; nothing is connected yet. */
export function createSocketSource({ path, stopWaitMs, onReachable }: SocketOptions): StreamSource {
  const watch = createSocketWatch(path, onReachable);
  return {
    open(listener) {
      const seen = identifySocket(path);
      const socket = connect({ path });
      const onAbsent = (): void => watch.start(seen);
      return { ok: true, streams: follow(socket, { path, stopWaitMs, listener, onAbsent }) };
    },
    close: watch.close,
  };
}

interface Following {
  readonly path: string;
  readonly stopWaitMs: number;
  readonly listener: StreamsListener;
  readonly onAbsent: () => void;
}

function follow(socket: Socket, { path, stopWaitMs, listener, onAbsent }: Following): ServerStreams {
  const gone = Promise.withResolvers<undefined>();
  let isConnected = false;
  let word: ChildEnd | undefined;

  socket.once("connect", () => (isConnected = true));
  socket.on("error", (error: NodeJS.ErrnoException) => {
    const end = isConnected ? describeLoss(error) : describeAbsence(path, error);
    if (end.kind === "Awaited") onAbsent();
    listener.onEnd(end, "gone");
  });
  socket.on("end", () => {
    listener.onEnd(word ?? closed, "gone");
    // All has been read, and nobody is left to be written to.
    socket.destroy();
  });
  socket.on("close", () => {
    listener.onEnd(word ?? closed, "gone");
    gone.resolve(undefined);
  });
  return {
    pid: undefined,
    input: socket,
    output: socket,
    takeNotice(line) {
      const read = readShimWord(line);
      word = read ?? word;
      return read !== undefined;
    },
    end(input) {
      input.close();
      const timer = setTimeout(() => socket.destroy(), stopWaitMs);
      socket.once("close", () => clearTimeout(timer));
    },
    gone: gone.promise,
  };
}

const closed: ChildEnd = { kind: "Exited", message: "the connection to the server's process was closed" };

function describeLoss({ code, message }: NodeJS.ErrnoException): ChildEnd {
  if (code === "EPIPE") return closedInput;
  return { kind: "Exited", message: `the connection to the server's process was lost: ${code ?? message}` };
}

/** There is no socket yet, nobody listens on it any more, or more knock at once than it can hold. */
const absences: ReadonlySet<string | undefined> = new Set(["ENOENT", "ECONNREFUSED", "EAGAIN"]);

function describeAbsence(path: string, { code, message }: NodeJS.ErrnoException): ChildEnd {
  return absences.has(code)
    ? { kind: "Awaited", message: "the server's container does not take sessions yet" }
    : { kind: "NotStarted", message: `can't connect to ${path}: ${code ?? message}` };
}
