/** One raw connection of a scenario: what was written and read, and when it ended. Never rejects and never throws. */
import { connect, type Socket } from "node:net";

/** An open connection. */
export interface Connection {
  readonly socket: Socket;
  readonly readBytes: () => number;
  /** The beginning of what came, as latin1. */
  readonly head: () => string;
  /** The end of what came, as latin1. */
  readonly tail: () => string;
  readonly isClosed: () => boolean;
  /** What went wrong with it; empty where nothing did. */
  readonly error: () => string;
  readonly closed: Promise<undefined>;
}

/** Of an answer only the beginning and the end are kept. */
const keptLength = 4_096;
const keptTailLength = 300;

/** Opens a connection. `isReader`: false leaves everything that comes unread. */
export function openConnection(port: number, { isReader }: { readonly isReader: boolean }): Connection {
  const { promise: closed, resolve } = Promise.withResolvers<undefined>();
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const nothing: Buffer = Buffer.alloc(0);
  const seen = { bytes: 0, head: "", tail: nothing, isClosed: false, error: "" };
  if (isReader) {
    socket.on("data", (chunk: Buffer) => {
      seen.bytes += chunk.length;
      seen.tail = chunk;
      if (seen.head.length < keptLength) seen.head += chunk.toString("latin1");
    });
  }
  socket.on("error", ({ message }) => {
    seen.error = message;
  });
  socket.on("close", () => {
    seen.isClosed = true;
    resolve(undefined);
  });
  return {
    socket,
    readBytes: () => seen.bytes,
    head: () => seen.head,
    tail: () => seen.tail.subarray(-keptTailLength).toString("latin1"),
    isClosed: () => seen.isClosed,
    error: () => seen.error,
    closed,
  };
}

/** Opens many connections and writes the same bytes to each. */
export function openMany(
  port: number,
  count: number,
  options: { readonly isReader: boolean; readonly bytes: Buffer | string },
): readonly Connection[] {
  return Array.from({ length: count }, () => {
    const connection = openConnection(port, options);
    connection.socket.write(options.bytes);
    return connection;
  });
}

/** Writes `chunk` as fast as it is taken, until the connection ends or `limitBytes` are written; resolves to how many bytes were. */
export async function pour({ socket, closed }: Connection, chunk: Buffer, limitBytes: number): Promise<number> {
  let written = 0;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const pump = (): void => {
    while (written < limitBytes && !socket.destroyed) {
      written += chunk.length;
      if (!socket.write(chunk)) return;
    }
    resolve(undefined);
  };
  socket.on("drain", pump);
  pump();
  await Promise.race([promise, closed]);
  socket.off("drain", pump);
  // What is still in this process's buffer was not taken.
  return socket.destroyed ? socket.bytesWritten : written;
}
