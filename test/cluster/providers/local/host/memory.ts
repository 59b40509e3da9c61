/** Reads what processes use, from /proc. */
import { readFile } from "node:fs/promises";

/** Proportional set size in bytes; 0 for a process that has just ended. */
export async function readPssBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
}

/** Clock ticks per second in /proc; the same on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** CPU time of a process in seconds; 0 when it has just ended. Source: proc(5), fields 14 and 15 of stat. */
export async function readCpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field is the name in brackets, which may hold spaces.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond;
}
