/** Runs the outrigger command as people do, as a process, and keeps what it prints. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { repositoryEnvironment, repositoryRoot } from "./root.ts";

/** How a run ended. */
export interface CommandResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line to its end. `stdin` is written and closed. */
export async function runCommand(
  args: readonly string[],
  given: { readonly cwd?: string; readonly stdin?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [join(repositoryRoot, "cli", "bin", "outrigger.js"), ...args], {
    cwd: given.cwd ?? repositoryRoot,
    env: { ...repositoryEnvironment(), ...given.env },
  });
  const text = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => (text.out += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (text.err += chunk.toString("utf8")));
  child.stdin.end(given.stdin ?? "");
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once("close", resolve);
  return { code: await promise, ...text };
}
