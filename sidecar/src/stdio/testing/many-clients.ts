/** For tests: many clients at once on one stdio server, each with a session of its own, and what becomes of their processes. */
import { expect } from "vitest";
import { call, openSession, post, textOf } from "./client.ts";
import { isAlive, until } from "./fixture.ts";
import type { SidecarProcess } from "./sidecar-process.ts";

/** Uses the server by so many clients at once, then lets half of them leave and then the others. Expects one process for each. */
export async function useByMany({ url, records }: SidecarProcess, clients: number): Promise<void> {
  const before = new Set(records().map(({ pid }) => pid));
  const sessions = await Promise.all(Array.from({ length: clients }, () => openSession(url)));
  const ask = (at: number, tool: string, args: object = {}): Promise<string> =>
    post(url, call("same id", tool, args), sessions[at]).then(textOf);
  const all = sessions.map((_session, at) => at);
  const pids = (await Promise.all(all.map((at) => ask(at, "pid")))).map(Number);
  expect(new Set(pids).size).toBe(clients);
  const started = new Set(records().flatMap(({ event, pid }) => (event === "start" && !before.has(pid) ? [pid] : [])));
  expect(started).toEqual(new Set(pids));
  const echoed = await Promise.all(all.map((at) => ask(at, "echo", { text: `client ${at}` })));
  expect(echoed).toEqual(all.map((at) => `client ${at}`));
  const leave = async (at: number): Promise<void> => {
    const response = await fetch(url, { method: "DELETE", headers: sessions[at] ?? {} });
    expect(response.status).toBe(200);
  };
  const half = clients / 2;
  await Promise.all(all.slice(0, half).map(leave));
  await until("half of the processes are gone", () => pids.slice(0, half).every((pid) => !isAlive(pid)));
  expect(await Promise.all(all.slice(half).map((at) => ask(at, "pid")))).toEqual(pids.slice(half).map(String));
  await Promise.all(all.slice(half).map(leave));
  await until("all processes are gone", () => pids.every((pid) => !isAlive(pid)));
}
