/** Starts the cluster's programs into the node's cgroup and namespaces, each with a log and a pid file, and tells which have died. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, open, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { findJoinFile, listPids } from "../host/cgroups.ts";
import { systemPath } from "../../../run.ts";
import type { LocalSettings } from "../settings.ts";
import { toNodeCommand } from "./namespaces.ts";

/** One program that goes on after this process has ended. */
export interface Daemon {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The shell joins the cgroup as the process that then becomes the daemon: no child of it is ever outside. */
const joinAndBecome = 'echo $$ >"$1" && shift && exec "$@"';

const keptLogLines = 12;

/** Starts a daemon. Its environment is clean: proxies of this shell's must not come between the cluster's parts. */
export async function startDaemon(settings: LocalSettings, daemon: Daemon): Promise<void> {
  const { log, pid } = await makeFolders(settings);
  const output = await open(join(log, `${daemon.name}.log`), "w");
  const joinFile = await findJoinFile(settings);
  const child = spawn("/bin/sh", ["-c", joinAndBecome, "sh", joinFile, ...toNodeCommand(settings, daemon.command)], {
    detached: true,
    stdio: ["ignore", output.fd, output.fd],
    env: { PATH: systemPath, HOME: "/root", ...daemon.env },
  });
  child.unref();
  await output.close();
  await writeFile(join(pid, daemon.name), String(child.pid ?? 0));
  await waitForJoin(settings, child);
}

/** A daemon that has not joined yet would count as dead. */
async function waitForJoin(settings: LocalSettings, child: ChildProcess): Promise<void> {
  const hasJoined = async (): Promise<boolean> => (await listPids(settings, "system")).includes(child.pid ?? 0);
  while (child.exitCode === null && child.signalCode === null && !(await hasJoined())) await pause(2);
}

/** Pids of daemons that were started, keyed by name, whether they live or not. */
export async function readDaemonPids(settings: LocalSettings): Promise<ReadonlyMap<string, number>> {
  const folder = join(settings.stateFolder, "pids");
  const names = (await readdir(folder).catch(() => [])).toSorted();
  const pids = names.map(async (name) => [name, Number(await readFile(join(folder, name), "utf8"))] as const);
  return new Map(await Promise.all(pids));
}

/** Names of daemons that were started and run no more. A pid that another program has got since then does not count. */
export async function findDeadDaemons(settings: LocalSettings): Promise<readonly string[]> {
  const living = new Set(await listPids(settings, "system"));
  return [...(await readDaemonPids(settings))].filter(([, pid]) => !living.has(pid)).map(([name]) => name);
}

/** What to wait for. */
export interface Wait {
  readonly what: string;
  readonly withinMs: number;
  /** Is asked until it gives true; its errors mean "not yet". */
  readonly isReached: () => Promise<boolean>;
}

/** Waits for a condition; rejects at the deadline with the last error, and at once when a daemon has died, with the end of its log. */
export async function waitUntil(settings: LocalSettings, { what, withinMs, isReached }: Wait): Promise<void> {
  const endMs = performance.now() + withinMs;
  let last = "not yet";
  for (;;) {
    try {
      if (await isReached()) return;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await failIfDead(settings);
    if (performance.now() > endMs) {
      throw new Error(`waited ${withinMs / 1_000} s in vain for ${what}: ${last}; logs: ${toLogFolder(settings)}`);
    }
    await pause(100);
  }
}

async function failIfDead(settings: LocalSettings): Promise<void> {
  const [dead] = await findDeadDaemons(settings);
  if (dead === undefined) return;
  const log = (await readLog(settings, dead)).trim().split("\n").slice(-keptLogLines);
  throw new Error(`${dead} has ended; the end of its log:\n${log.join("\n")}`);
}

function readLog(settings: LocalSettings, name: string): Promise<string> {
  return readFile(join(toLogFolder(settings), `${name}.log`), "utf8").catch(() => "");
}

function toLogFolder(settings: LocalSettings): string {
  return join(settings.stateFolder, "log");
}

async function makeFolders(settings: LocalSettings): Promise<{ readonly log: string; readonly pid: string }> {
  const [log, pid] = [toLogFolder(settings), join(settings.stateFolder, "pids")];
  for (const folder of [log, pid]) await mkdir(folder, { recursive: true });
  return { log, pid };
}
