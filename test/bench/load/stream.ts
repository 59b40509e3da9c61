/** Event streams that are opened by GET and held: read and thrown away, or not read at all. */
import { connect, type Socket } from "node:net";
import type { Target } from "./request.ts";

/** Streams that are open. */
export interface OpenStreams {
  readonly count: number;
  /** What came instead of the first stream that was refused; undefined where all are open. */
  readonly refused: string | undefined;
  /** How many have ended by themselves since. */
  readonly ended: () => number;
  readonly close: () => void;
}

/** What is opened. `query` says what the server sends; unread streams take in no more than the kernel holds for them. */
export interface StreamOptions {
  readonly target: Target;
  readonly count: number;
  readonly query: string;
  readonly reading: "read" | "unread";
}

/** Connections that are opened at once: more would overflow the queue of a listener. */
const atOnce = 100;
const openMs = 20_000;
const lastChunk = Buffer.from("0\r\n\r\n");

/** Opens streams, and stops at the first that is refused. */
export async function openStreams(options: StreamOptions): Promise<OpenStreams> {
  const sockets: Socket[] = [];
  let refused: string | undefined;
  let ended = 0;
  let isClosing = false;
  while (sockets.length < options.count && refused === undefined) {
    const batch = Array.from({ length: Math.min(atOnce, options.count - sockets.length) }, () => openStream(options));
    for (const opened of await Promise.all(batch)) {
      if (typeof opened === "string") refused ??= opened;
      else sockets.push(opened);
    }
  }
  for (const socket of sockets) {
    let isOver = false;
    const end = (): void => {
      if (!isClosing && !isOver) ended++;
      isOver = true;
    };
    socket.on("error", () => undefined);
    socket.once("close", end);
    if (options.reading === "read") {
      socket.resume();
      // A stream that ends leaves its connection open for another request.
      socket.on("data", (chunk) => {
        if (chunk.subarray(-lastChunk.length).equals(lastChunk)) end();
      });
    }
  }
  return {
    count: sockets.length,
    refused,
    ended: () => ended,
    close: () => {
      isClosing = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** One stream whose head has come, or what came instead. */
function openStream({ target, query }: StreamOptions): Promise<Socket | string> {
  return new Promise((resolve) => {
    const socket = connect(target.port, "127.0.0.1");
    const fail = (why: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(why);
    };
    const timer = setTimeout(() => fail(`no answer within ${openMs} ms`), openMs);
    const onClose = (): void => fail("the connection was closed");
    const headers = Object.entries(target.headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(
      `GET /mcp?${query} HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\nAccept: text/event-stream\r\n${headers.join("")}\r\n`,
    );
    socket.once("error", (error) => fail(error.message));
    socket.once("close", onClose);
    socket.once("data", (chunk) => {
      const head = chunk.toString("latin1", 0, 300);
      if (!head.startsWith("HTTP/1.1 200 ")) {
        fail(head);
        return;
      }
      clearTimeout(timer);
      socket.off("close", onClose);
      // Who reads is told when all are open; until then the kernel holds what comes.
      socket.pause();
      resolve(socket);
    });
  });
}
