/** Which core runs what, and how much of a core was used: the load and the server on the first, what is measured on the last. */
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";

/** Where a program runs. */
export type Core = "first" | "last";

const coreNumber = (core: Core): number => (core === "first" ? 0 : cpus().length - 1);

/** True where programs can be pinned to cores of their own. */
export const isPinned = ((): boolean => {
  try {
    execFileSync("taskset", ["--version"], { stdio: "ignore" });
    return cpus().length > 1;
  } catch {
    return false;
  }
})();

/** The command that starts a program on a core; nothing where programs can't be pinned. */
export function pinTo(core: Core): readonly string[] {
  return isPinned ? ["taskset", "-c", String(coreNumber(core))] : [];
}

/** Pins this process, which makes the load, to the first core. */
export function pinSelf(): void {
  moveToCore(process.pid, "first");
}

/** Moves a running process with all its threads, back to all cores with `any`. One that has ended stays where it is. */
export function moveToCore(pid: number, core: Core | "any"): void {
  const list = core === "any" ? `0-${cpus().length - 1}` : String(coreNumber(core));
  if (isPinned) spawnSync("taskset", ["-acp", list, String(pid)], { stdio: "ignore" });
}

/** CPU time of a process with all its threads since its start, in microseconds; what it started counts for itself. */
export function readCpuUs(pid: number): number {
  const nanoseconds = readdirSync(`/proc/${pid}/task`).map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1_000;
}

/** The same of a process with everything that it has started. Gives 0 where it has ended. */
export function readTreeCpuUs(pid: number): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    const own = readCpuUs(pid);
    return children.filter((child) => child !== "").reduce((sum, child) => sum + readTreeCpuUs(Number(child)), own);
  } catch {
    return 0;
  }
}

/** Resident memory of a process in MiB: all of it, and the part that no file backs. */
export interface Memory {
  readonly rss: number;
  readonly anon: number;
}

/** Reads the memory of a process. */
export function readMemory(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? Number.NaN) / 1_024;
  return { rss: field("VmRSS"), anon: field("RssAnon") };
}

const microsecondsPerTick = 10_000;

/**
 * Time that processes used on the last core since boot, in microseconds, with what the hypervisor took from it. Interrupts are left
 * out: the kernel does the network's work of a process in its name, too. Source: proc_stat(5).
 */
function readBusyUs(): number {
  const line = new RegExp(`^cpu${coreNumber("last")} .*$`, "m").exec(readFileSync("/proc/stat", "utf8"))?.[0] ?? "";
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = line.split(" ").slice(1).map(Number);
  return (user + nice + system + steal) * microsecondsPerTick;
}

/** Watches the last core; the function that it gives says what others used of it, of 0 to 1, beside so many microseconds of ours. */
export function watchCore(): (oursUs: number) => number {
  const before = { busy: readBusyUs(), ms: performance.now() };
  return (oursUs) => {
    const elapsedUs = (performance.now() - before.ms) * 1_000;
    return isPinned ? Math.max(0, readBusyUs() - before.busy - oursUs) / elapsedUs : 0;
  };
}
