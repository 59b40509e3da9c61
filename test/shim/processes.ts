/** For tests: what the kernel says about processes. Linux only, as the shim is. */
import { readdirSync, readFileSync } from "node:fs";

/** A process as /proc shows it. `state` is one letter; Z is a zombie. */
export interface ProcessFacts {
  readonly pid: number;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
}

/** The facts of one process; undefined where it is gone. */
export function findProcess(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold anything, so what follows is read from its end.
    const [state = "", parent = "", group = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { pid, state, parent: Number(parent), group: Number(group) };
  } catch {
    // ENOENT or ESRCH: gone.
    return undefined;
  }
}

/** The children of a process, zombies among them. */
export function childrenOf(parent: number): readonly ProcessFacts[] {
  return readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .flatMap((name) => findProcess(Number(name)) ?? [])
    .filter((each) => each.parent === parent);
}

/** Says whether a process is there and no zombie. */
export function isRunning(pid: number): boolean {
  const found = findProcess(pid);
  return found !== undefined && found.state !== "Z";
}

/** Memory of a process in use, in KiB. */
export function residentKib(pid: number): number {
  return Number(/^VmRSS:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** Bytes that a process has written so far, to whatever. */
export function bytesWrittenBy(pid: number): number {
  return Number(/^wchar: ([0-9]+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);
}
