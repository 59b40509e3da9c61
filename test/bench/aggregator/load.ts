/** The load of the aggregator's benchmark: requests whose answers are read and checked, and what they cost whoever answers. */
import { Agent, request } from "undici";
import type { modernRequest } from "../../fixtures/mcp-clients.ts";
import { readTreeCpuUs, watchCore } from "../sidecar/cores.ts";
import { mostOthers } from "../stats/rounds.ts";

/** A request: its body and its headers. */
export type Asked = ReturnType<typeof modernRequest>;

/** Who is measured, and one round of what it is asked. */
export interface Entry {
  readonly subject: { readonly name: string; readonly pid: number };
  readonly connections: number;
  readonly round: (dispatcher: Agent) => Promise<unknown>;
}

/** One subject in one window. */
export interface Window {
  /** CPU of the subject for one round in microseconds. */
  readonly cpuUs: number;
  readonly perSecond: number;
  readonly disturbance: number;
}

/** Sends one request and gives its text. Errors: rejects where the answer is not 200 or lacks `has`. */
export async function ask(url: string, [body, headers]: Asked, has: string, dispatcher: Agent): Promise<string> {
  const answer = await request(url, {
    ...{ dispatcher, method: "POST", body },
    headers: { ...headers, "content-type": "application/json", accept: "application/json, text/event-stream" },
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 200 || !text.includes(has))
    throw new Error(`${url} answered ${answer.statusCode}: ${text.slice(0, 200)}`);
  return text;
}

/** Keeps the connections of an entry busy for so long. A round that fails fails the window. `pids`: of all that is measured. */
export async function sampleWindow(pids: readonly number[], entry: Entry, seconds: number): Promise<Window> {
  const { connections, round, subject } = entry;
  const dispatcher = new Agent({ connections });
  const readAll = (): number => pids.reduce((sum, pid) => sum + readTreeCpuUs(pid), 0);
  const readOthers = watchCore();
  const before = { all: readAll(), subject: readTreeCpuUs(subject.pid), ms: performance.now() };
  let rounds = 0;
  const keepBusy = async (): Promise<void> => {
    while (performance.now() - before.ms < seconds * 1_000) {
      await round(dispatcher);
      rounds++;
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, keepBusy));
    return {
      cpuUs: (readTreeCpuUs(subject.pid) - before.subject) / rounds,
      perSecond: (rounds * 1_000) / (performance.now() - before.ms),
      disturbance: Math.max(0, readOthers(readAll() - before.all) - mostOthers),
    };
  } finally {
    await dispatcher.destroy();
  }
}
