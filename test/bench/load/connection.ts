/** Connections of the load: raw sockets with one request under way each. The first wrong answer or broken socket ends the run. */
import { connect } from "node:net";
import { createAnswerReader } from "./answer.ts";
import { createIds, createRequestBytes, type LoadCase, type Target } from "./request.ts";

/** One connection. `onAnswer` is called when the answer is whole; sending before that is a mistake of the caller. */
export interface Connection {
  readonly send: () => void;
  onAnswer: () => void;
}

/** What a run is made of. */
export interface LoadOptions {
  readonly target: Target;
  readonly load: LoadCase;
  readonly connections: number;
}

const nextId = createIds();

/** Runs `work` over open connections and closes them. Rejects with what was wrong on the first of them where something is. */
export async function withConnections<T>(
  options: LoadOptions,
  work: (connections: readonly Connection[]) => Promise<T>,
): Promise<T> {
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const fail = (why: string): void => failed.reject(new Error(`${options.target.name}, ${options.load.name}: ${why}`));
  const opened = Array.from({ length: options.connections }, () => open(options, fail));
  try {
    await Promise.race([Promise.all(opened.map(({ connected }) => connected)), failed.promise]);
    return await Promise.race([work(opened.map(({ connection }) => connection)), failed.promise]);
  } finally {
    for (const { close } of opened) close();
  }
}

interface Opened {
  readonly connection: Connection;
  readonly connected: Promise<void>;
  readonly close: () => void;
}

function open({ target, load }: LoadOptions, fail: (why: string) => void): Opened {
  const socket = connect(target.port, "127.0.0.1").setNoDelay(true);
  const request = createRequestBytes(load, target);
  const reader = createAnswerReader(load.answerHas);
  const connected = Promise.withResolvers<undefined>();
  let isClosed = false;
  const connection: Connection = {
    send: () => void socket.write(request.withId(nextId())),
    onAnswer: () => undefined,
  };
  socket.once("connect", () => connected.resolve(undefined));
  socket.on("data", (chunk) => {
    const state = reader.push(chunk);
    if (state === "whole") connection.onAnswer();
    else if (state !== "open") fail(`a wrong answer: ${state.wrong}`);
  });
  socket.on("error", (error) => fail(error.message));
  socket.on("close", () => {
    if (!isClosed) fail("the connection was closed");
  });
  return {
    connection,
    connected: connected.promise,
    close: () => {
      isClosed = true;
      socket.destroy();
    },
  };
}
