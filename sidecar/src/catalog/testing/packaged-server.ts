/** For tests: starts a real HTTP server from the package registry on a free port and waits until it listens. */
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const modules = fileURLToPath(new URL("../../../../node_modules/", import.meta.url));

/** A running server. */
export interface PackagedServer {
  readonly port: number;
  readonly origin: string;
  readonly close: () => Promise<void>;
}

/** Starts the server; `PORT` in its arguments becomes its port, which is also in its environment. */
export async function startPackagedServer(
  path: string,
  args: readonly string[],
  port?: number,
): Promise<PackagedServer> {
  const chosen = port ?? (await findFreePort());
  const child = spawn(process.execPath, [modules + path, ...args.map((arg) => arg.replace("PORT", String(chosen)))], {
    env: { PORT: String(chosen) },
    stdio: "ignore",
  });
  const deadline = performance.now() + 20_000;
  while (!(await isListening(chosen))) {
    if (performance.now() > deadline || child.exitCode !== null) throw new Error(`${path} did not start`);
    await delay(25);
  }
  return {
    port: chosen,
    origin: `http://127.0.0.1:${chosen}`,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
