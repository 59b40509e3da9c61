/** Programs of a user's terminal on the cluster: `outrigger connect`, and `kubectl proxy`. */
import { join } from "node:path";
import { repositoryEnvironment, repositoryRoot } from "../../../demo/stage/root.ts";
import { startProgram, type Program } from "../../../fixtures/program.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { findPath } from "../kubectl.ts";

/** One line of `outrigger connect --json`. */
export interface ConnectEvent {
  readonly event: string;
  readonly url?: string;
  readonly pod?: string;
}

/** A running `outrigger connect`. */
export interface Connected {
  readonly url: string;
  readonly events: readonly ConnectEvent[];
  readonly stop: () => Promise<number | null>;
}

/** Starts it on a free port, and waits until it says where it is. */
export async function startConnect(kubeconfig: string): Promise<Connected> {
  const events: ConnectEvent[] = [];
  const script = join(repositoryRoot, "cli", "bin", "outrigger.js");
  const args = ["connect", "--kubeconfig", kubeconfig, "--port", "0", "--json"];
  const program = startProgram([process.execPath, script, ...args], {
    env: repositoryEnvironment(),
    onLine: (line) => events.push(JSON.parse(line) as ConnectEvent),
  });
  const opened = waitFor("an open port", () => {
    const { url } = events.find(({ event }) => event === "forwarding") ?? {};
    return events.some(({ event }) => event === "open") ? url : undefined;
  });
  return { url: await program.whenReady(opened), events, stop: program.stop };
}

/** Starts `kubectl proxy` on a free port and gives its base URL. */
export async function startKubectlProxy(kubeconfig: string): Promise<{ url: string; stop: Program["stop"] }> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const program = startProgram(["kubectl", "--kubeconfig", kubeconfig, "proxy", "--port=0"], {
    env: { ...repositoryEnvironment(), PATH: await findPath() },
    onLine: (line) => {
      const address = /^Starting to serve on (\S+)$/.exec(line)?.[1];
      if (address !== undefined) resolve(`http://${address}`);
    },
  });
  return { url: await program.whenReady(promise), stop: program.stop };
}
