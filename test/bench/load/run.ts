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
  /**
   * How the next time is waited for. Spinning is exact to microseconds and takes the whole core: right where nothing that is measured
   * runs there. A timer is late by up to a millisecond, which counts as latency.
   */
  readonly wait: "spinning" | "by timer";
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
  const dueUs = (): number => startedUs + (sent * 1e6) / load.perSecond;
  const tick = (): void => {
    for (; sent < total && nowUs() >= dueUs(); sent++) waiting.push(dueUs());
    serve();
    if (sent === total) return;
    if (load.wait === "spinning") setImmediate(tick);
    else setTimeout(tick, Math.max(0, (dueUs() - nowUs()) / 1_000));
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
