/** What a run says of the machine and the sources that it was made with. */
import { execFileSync } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";

/** The machine. Loads are averages of the last minute. */
export interface Machine {
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  /** Short id, with `+` where files differ from it. */
  readonly commit: string;
  readonly loadBefore: number;
  readonly loadAfter: number;
}

/** Describes the machine; the function that it gives adds what is known at the end. */
export function describeMachine(): () => Machine {
  const loadBefore = readLoad();
  const commit = readCommit();
  return () => ({
    node: process.version,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1_024 ** 3),
    kernel: release(),
    commit,
    loadBefore,
    loadAfter: readLoad(),
  });
}

function readLoad(): number {
  return loadavg()[0] ?? Number.NaN;
}

function readCommit(): string {
  const git = (...args: readonly string[]): string =>
    execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no") === "" ? "" : "+";
    return `${git("rev-parse", "--short", "HEAD")}${changed}`;
  } catch {
    return "unknown";
  }
}
