/** Ends a server's process with everything it started. The server leads a process group of its own, so that npx and shells leave nothing. */
import type { ChildProcess } from "node:child_process";
import type { Input } from "./input.ts";

/** Signals a whole group; a group that is gone is what was wanted. */
export function signalGroup(leader: ChildProcess, signal: NodeJS.Signals): void {
  if (leader.pid === undefined) return;
  try {
    process.kill(-leader.pid, signal);
  } catch (error) {
    // ESRCH: nobody is left. EPERM: what is left belongs to another user and can't be reached from here.
    if (!isGone(error)) throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ESRCH" || error.code === "EPERM");
}

/**
 * Asks a server to end and makes sure that it does: closes stdin, after `waitMs` SIGTERM, after `waitMs` more SIGKILL.
 * Source: MCP "stdio" transport, "Shutdown". The order runs on until the process has gone; it never blocks the caller.
 */
export function endProcess(leader: ChildProcess, input: Input, waitMs: number): void {
  input.close();
  const steps: readonly NodeJS.Signals[] = ["SIGTERM", "SIGKILL"];
  const timers = steps.map((signal, index) => setTimeout(() => signalGroup(leader, signal), waitMs * (index + 1)));
  leader.once("exit", () => timers.forEach(clearTimeout));
}
