/**
 * Load over raw sockets: prebuilt request bytes, answers counted by Content-Length, every status checked.
 * Closed loop for capacity (a connection sends when it has its answer), open loop for latency (sent at scheduled times).
 */
import { connect, type Socket } from "node:net";

/** One kind of request. `answerHas` must stand in every answer, else the run fails. */
export interface LoadCase {
  readonly name: string;
  readonly body: (id: number) => string;
  readonly answerHas: string;
}

/** A target on loopback. */
export interface Target {
  readonly port: number;
}

/** What a run measured; latencies in microseconds, sorted. */
export interface LoadResult {
  readonly answered: number;
  readonly seconds: number;
  readonly latenciesUs: readonly number[];
}

function buildRequest(body: string, port: number): Buffer {
  const head = [
    "POST /mcp HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "Content-Type: application/json",
    "Accept: application/json, text/event-stream",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}

interface Connection {
  readonly socket: Socket;
  onAnswer: (startedUs: number) => void;
  sentUs: number;
  busy: boolean;
}

const nowUs = (): number => performance.now() * 1_000;

/** Opens a connection that reads one answer at a time and fails the run on anything but 200 with the expected text. */
async function open(target: Target, load: LoadCase, fail: (why: string) => void): Promise<Connection> {
  const socket = connect(target.port, "127.0.0.1");
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  const connection: Connection = { socket, onAnswer: () => undefined, sentUs: 0, busy: false };
  let held = "";
  socket.on("data", (chunk) => {
    held += chunk.toString("latin1");
    const head = held.indexOf("\r\n\r\n");
    if (head < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(held.slice(0, head))?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) {
      fail(`an answer without a length: ${held.slice(0, 200)}`);
      return;
    }
    if (held.length < head + 4 + length) return;
    if (!held.startsWith("HTTP/1.1 200") || !held.includes(load.answerHas)) {
      fail(`a wrong answer: ${held.slice(0, 400)}`);
      return;
    }
    held = held.slice(head + 4 + length);
    connection.busy = false;
    connection.onAnswer(connection.sentUs);
  });
  socket.on("error", (error) => fail(error.message));
  return connection;
}

/** Runs `work` with open connections; rejects on the first wrong answer. */
async function withConnections<T>(
  options: { readonly target: Target; readonly load: LoadCase; readonly count: number },
  work: (connections: readonly Connection[]) => Promise<T>,
): Promise<T> {
  let fail: (why: string) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = (why) => reject(new Error(why))));
  failed.catch(() => undefined);
  const connections = await Promise.all(
    Array.from({ length: options.count }, () => open(options.target, options.load, (why) => fail(why))),
  );
  try {
    return await Promise.race([work(connections), failed]);
  } finally {
    for (const { socket } of connections) socket.destroy();
  }
}

let nextId = 100_000;

function sendOn(connection: Connection, target: Target, load: LoadCase): void {
  connection.busy = true;
  connection.socket.write(buildRequest(load.body(nextId++), target.port));
}

/** Capacity: `connections` sockets, each sends its next request when it has its answer, for `seconds`. */
export function runClosed(
  target: Target,
  load: LoadCase,
  options: { readonly connections: number; readonly seconds: number },
): Promise<LoadResult> {
  return withConnections({ target, load, count: options.connections }, async (connections) => {
    const startedUs = nowUs();
    const untilUs = startedUs + options.seconds * 1e6;
    let answered = 0;
    await Promise.all(
      connections.map(
        (connection) =>
          new Promise<void>((resolve) => {
            connection.onAnswer = () => {
              answered++;
              if (nowUs() < untilUs) sendOn(connection, target, load);
              else resolve();
            };
            sendOn(connection, target, load);
          }),
      ),
    );
    return { answered, seconds: (nowUs() - startedUs) / 1e6, latenciesUs: [] };
  });
}

/** Latency: requests at fixed times over free connections, measured from the time at which each was due. */
export function runOpen(
  target: Target,
  load: LoadCase,
  options: { readonly connections: number; readonly seconds: number; readonly perSecond: number },
): Promise<LoadResult> {
  return withConnections({ target, load, count: options.connections }, async (connections) => {
    const startedUs = nowUs();
    const total = options.seconds * options.perSecond;
    const latenciesUs: number[] = [];
    const waitingUs: number[] = [];
    let due = 0;
    await new Promise<void>((resolve) => {
      const serve = (): void => {
        for (const connection of connections) {
          if (connection.busy || waitingUs.length === 0) continue;
          connection.sentUs = waitingUs.shift() ?? 0;
          sendOn(connection, target, load);
        }
      };
      for (const connection of connections) {
        connection.onAnswer = (dueUs) => {
          latenciesUs.push(nowUs() - dueUs);
          if (latenciesUs.length === total) resolve();
          else serve();
        };
      }
      const tick = (): void => {
        while (due < total && nowUs() >= startedUs + (due * 1e6) / options.perSecond) {
          waitingUs.push(startedUs + (due * 1e6) / options.perSecond);
          due++;
        }
        serve();
        if (due < total) setImmediate(tick);
      };
      tick();
    });
    return {
      answered: latenciesUs.length,
      seconds: (nowUs() - startedUs) / 1e6,
      latenciesUs: latenciesUs.sort((a, b) => a - b),
    };
  });
}

/** A quantile of sorted values. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
