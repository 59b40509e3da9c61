/** A reader of pages on a cluster: has kubectl, and waits where a page's reader would look again. */
import { join } from "node:path";
import { makeTestFolder } from "../../fixtures/temporary-folder.ts";
import { createReader, type Reader } from "../../integration/pages/reader.ts";
import { createProgress } from "../progress.ts";
import { findBinaries } from "../providers/local/binaries/binaries.ts";
import { readLocalSettings } from "../providers/local/settings.ts";
import type { ProvidedCluster } from "../suite/provided.ts";

/** Reads may be tried again until a server is there; what changes something is done once. */
const reads = /^npx outrigger call /;
/** Servers in Python take their time where several start at once. */
const patienceMs = 120_000;

/** Creates a reader for the running test. */
export async function createClusterReader(cluster: Extract<ProvidedCluster, { ok: true }>): Promise<Reader> {
  const reader = createReader({
    programs: await findPrograms(cluster),
    env: {
      KUBECONFIG: cluster.kubeconfig,
      KUBECACHEDIR: join(makeTestFolder("home"), "kube"),
      GITHUB_TOKEN: tokenOfReader,
    },
  });
  return { ...reader, patienceMs: (command) => (reads.test(command) ? patienceMs : 0) };
}

/** What the reader has for a token: no secret of anybody. */
export const tokenOfReader = "github_pat_of_a_test";

/** The folder of kubectl: a cluster that was made here brings its own. */
async function findPrograms({ provider }: { readonly provider: string }): Promise<readonly string[]> {
  if (provider !== "local") return [];
  const quiet = createProgress({ write: () => undefined, isTerminal: false });
  const { folder } = await findBinaries(readLocalSettings(process.env), quiet);
  return [folder];
}
