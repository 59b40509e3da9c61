/** For tests: the real shim in front of a stdio server, as it runs in the server's own container. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { ServerCommand } from "../process/spawned.ts";
import { until } from "./fixture.ts";

const folder = fileURLToPath(new URL("../../../../shim/", import.meta.url));
const archs: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** Not everybody who runs the tests has a C compiler. In CI the shim's own tests fail where there is none. */
const canBuildShim =
  process.platform === "linux" && ["make", "gcc"].every((tool) => spawnSync(tool, ["--version"]).status === 0);

/** Where a session's streams may come from. */
export const vias: readonly ("process" | "shim")[] = canBuildShim ? ["process", "shim"] : ["process"];

/** A shim that runs. */
export interface ShimProcess {
  readonly pid: number;
  /** Settles when its socket is there. */
  readonly listens: () => Promise<void>;
  readonly said: () => string;
  readonly kill: (signal: NodeJS.Signals) => Promise<void>;
}

/** Builds the shim, which costs a look at file times where nothing changed, and returns its path. */
function buildShim(): string {
  execFileSync("make", ["-s"], { cwd: folder, stdio: "pipe" });
  return join(folder, "dist", `shim-linux-${archs[process.arch] ?? process.arch}`);
}

/** Starts the shim; it ends with the running test. `options` stand before the command. */
export function startShim(server: ServerCommand, socket: string, options: readonly string[] = []): ShimProcess {
  const child = spawn(
    buildShim(),
    ["--socket", socket, "--max-sessions", "32", ...options, "--", server.command, ...server.args],
    { env: server.env, cwd: server.cwd, stdio: ["ignore", "ignore", "pipe"] },
  );
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  };
  onTestFinished(() => kill("SIGKILL"));
  return {
    pid: child.pid ?? 0,
    listens: () => until("the shim listens", () => existsSync(socket)),
    said: () => said,
    kill,
  };
}
