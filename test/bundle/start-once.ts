/** Starts a program of ours, and ends it in order as soon as it listens. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

/** A start that takes longer has failed. */
const startWithinMs = 60_000;

/**
 * Runs `node ...args` with these variables and no others: not with flags for Node or settings of whoever calls this.
 * Rejects with its words where it does not come to listen, or does not end with 0.
 */
export async function startOnce(
  node: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const child = spawn(node, [...args, "--watch-stdin", "yes"], {
    env: { ...env },
    stdio: ["pipe", "pipe", "pipe"],
    timeout: startWithinMs,
  });
  const errors = text(child.stderr);
  const ended = new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  let listening = "";
  createInterface(child.stdout).on("line", (line) => {
    if (!line.includes('"msg":"listening"')) return;
    listening = line;
    // It ends when nobody is there any more.
    child.stdin.end();
  });
  const code = await ended;
  if (code !== 0 || listening === "")
    throw new Error(`${args.join(" ")} did not start and end: ${(await errors).trim()}`);
}
