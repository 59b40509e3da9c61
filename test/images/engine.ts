/**
 * Decides which Docker engine the tests use: one that runs already, else one of their own. Debian's engine is installed in CI only;
 * on anybody's machine that is their decision.
 */
import type { Progress } from "../cluster/progress.ts";
import { run } from "../cluster/run.ts";
import { startDaemon } from "./daemon.ts";

/** An engine, or why there is none. `host` is DOCKER_HOST, absent where testcontainers finds the engine by itself. */
export type Engine =
  | { readonly ok: true; readonly host?: string; readonly close: () => Promise<void> }
  | { readonly ok: false; readonly reason: string };

/** Finds or starts the engine. */
export async function openEngine(env: NodeJS.ProcessEnv, progress: Progress): Promise<Engine> {
  if (await isRunning()) return { ok: true, close: () => Promise.resolve() };
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    return { ok: false, reason: "no Docker engine answers, and only root on Linux can start one" };
  }
  if (!(await has("dockerd"))) {
    if (env["CI"] !== "true" || !(await has("apt-get"))) {
      return { ok: false, reason: "no Docker engine answers, and dockerd is missing: apt-get install docker.io" };
    }
    const install = ["apt-get", "install", "-y", "--no-install-recommends", "docker.io"];
    await progress.step(install.join(" "), async () => {
      const env = { DEBIAN_FRONTEND: "noninteractive" };
      // A fresh machine has no lists of packages.
      await run(["apt-get", "update"], { env });
      await run(install, { env });
    });
  }
  const { host, stop } = await progress.step("Docker engine, for this run only", startDaemon);
  return { ok: true, host, close: () => progress.step("Docker engine stopped", stop) };
}

/** Tells testcontainers about an engine of our own, before its first use in a process. */
export function useEngine(host: string): void {
  process.env["DOCKER_HOST"] = host;
  // Else, where this is a container itself, it asks the engine for the bridge, which ours does not have.
  process.env["TESTCONTAINERS_HOST_OVERRIDE"] = "localhost";
}

/** Asks in a process of its own: testcontainers looks at the environment once, and no engine may be what it remembers. */
function isRunning(): Promise<boolean> {
  const ask =
    'require("testcontainers").getContainerRuntimeClient().then(() => process.exit(0), () => process.exit(1))';
  return succeeds([process.execPath, "-e", ask]);
}

function has(program: string): Promise<boolean> {
  return succeeds(["sh", "-c", 'command -v "$1"', "sh", program]);
}

function succeeds(command: readonly string[]): Promise<boolean> {
  return run(command, { cwd: import.meta.dirname }).then(
    () => true,
    () => false,
  );
}
