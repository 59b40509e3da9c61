/** Where tests find kubectl: a cluster that was made here brings its own, elsewhere it is the user's. */
import { delimiter } from "node:path";
import { inject } from "vitest";
import { createProgress } from "../progress.ts";
import { findBinaries } from "../providers/local/binaries/binaries.ts";
import { readLocalSettings } from "../providers/local/settings.ts";

/** Its folder; none where it is on the PATH. */
export async function findKubectlFolders({ provider }: { readonly provider: string }): Promise<readonly string[]> {
  if (provider !== "local") return [];
  const quiet = createProgress({ write: () => undefined, isTerminal: false });
  const { folder } = await findBinaries(readLocalSettings(process.env), quiet);
  return [folder];
}

/** The PATH with it. */
export async function findPath(): Promise<string> {
  const cluster = inject("cluster");
  const folders = cluster.ok ? await findKubectlFolders(cluster) : [];
  return [...folders, process.env["PATH"] ?? ""].join(delimiter);
}
