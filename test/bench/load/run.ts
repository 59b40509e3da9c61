/**
 * Two kinds of load. Closed loop for capacity: a connection sends when it has its answer. Open loop for latency: requests go at
 * fixed times, whatever has been answered, and their latency counts from those times.
 */
import type { Connection } from "./connection.ts";

/** What a closed loop did. */
export interface ClosedRun {
  readonly answered: number;
  readonly seconds: number;
}

/** Longest time that one run may take, whatever does not answer. */
const mostSeconds = 30;

const nowUs = (): number => performance.now() * 1_000;

/** Keeps every connection busy for `seconds`, and waits for the last answers. */
export async function runClosed(connections: readonly Connection[], seconds: number): Promise<ClosedRun> {
  const startedUs = nowUs();
  const untilUs = startedUs + seconds * 1e6;
  let answered = 0;
  const runs = connections.map(async (connection) => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    connection.onAnswer = () => {
      answered++;
      if (nowUs() < untilUs) connection.send();
      else resolve(undefined);
    };
    connection.send();
    await promise;
  });
  await withinLimit(Promise.all(runs), seconds);
  return { answered, seconds: (nowUs() - startedUs) / 1e6 };
}

/** The rate of an open loop. */
export interface OpenLoad {
  readonly perSecond: number;
  readonly seconds: number;
}

/** Sends at fixed times over connections that are free. Gives the latencies in microseconds, sorted. */
export async function runOpen(connections: readonly Connection[], load: OpenLoad): Promise<readonly number[]> {
  const startedUs = nowUs();
  const total = Math.round(load.seconds * load.perSecond);
  const latenciesUs: number[] = [];
  const waiting: number[] = [];
  const free = [...connections];
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const serve = (): void => {
    while (free.length > 0 && waiting.length > 0) {
      const connection = free.pop();
      const dueUs = waiting.shift();
      if (connection === undefined || dueUs === undefined) return;
      connection.onAnswer = () => {
        latenciesUs.push(nowUs() - dueUs);
        free.push(connection);
        if (latenciesUs.length === total) resolve(undefined);
        else serve();
      };
      connection.send();
    }
  };
  let sent = 0;
  const tick = (): void => {
    const elapsedUs = nowUs() - startedUs;
    for (; sent < total && elapsedUs >= (sent * 1e6) / load.perSecond; sent++)
      waiting.push(startedUs + (sent * 1e6) / load.perSecond);
    serve();
    // Timers are as coarse as what is measured.
    if (sent < total) setImmediate(tick);
  };
  tick();
  await withinLimit(promise, load.seconds);
  return latenciesUs.sort((a, b) => a - b);
}

async function withinLimit(work: Promise<unknown>, seconds: number): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`not everything was answered within ${mostSeconds} s of the end`)),
    (seconds + mostSeconds) * 1_000,
  );
  await Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}
