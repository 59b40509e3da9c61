/** For tests of an API server that hangs: stops the program of the cluster that the bed itself has started, and lets it go on. */
import { inject } from "vitest";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { readServerVersion } from "../../ask-cluster.ts";
import { createProviders, findProvider } from "../../choose-provider.ts";

/** True where the API server is a process of this machine that is nothing but the API server, and the bed's own. */
export function canStopApiServer(): boolean {
  const cluster = inject("cluster");
  return cluster.ok && cluster.provider === "local";
}

/** Runs something while the API server answers nobody, and lets it go on however that ends. */
export async function withoutApiServer(kubeconfig: string, during: () => Promise<void>): Promise<void> {
  const { processes } = await findProvider(createProviders(process.env), "local").readStatus();
  const server = processes.find(({ name }) => name === "apiserver");
  if (server === undefined) throw new Error("the local cluster has no process apiserver");
  process.kill(server.pid, "SIGSTOP");
  try {
    await during();
  } finally {
    process.kill(server.pid, "SIGCONT");
    await waitFor("the API server to answer again", () => readServerVersion(kubeconfig), 30_000);
  }
}
