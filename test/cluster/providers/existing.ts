/**
 * A cluster that somebody gave us by kubeconfig. It is used as it is: nothing of it is started, stopped or deleted here, and tests
 * delete only what they made. How images get there is its owner's business.
 */
import { existsSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { askCluster, readServerVersion } from "../ask-cluster.ts";
import type { Availability, ClusterProvider, Environment } from "../provider.ts";
import { readCacheFolder } from "./local/settings.ts";

/** Kubeconfigs of clusters that the other providers run: these are not "given". */
export interface ExistingOptions {
  readonly ownKubeconfigs: readonly string[];
}

const notOurs = "this cluster is not ours";

/** Creates the provider for `OUTRIGGER_TEST_KUBECONFIG`, else `KUBECONFIG`. */
export function createExistingProvider(env: Environment, options: ExistingOptions): ClusterProvider {
  const given = [env["OUTRIGGER_TEST_KUBECONFIG"], env["KUBECONFIG"]].find((path) => (path ?? "") !== "") ?? "";
  const kubeconfig = given === "" ? "" : resolve(given);
  return {
    name: "existing",
    kubeconfig,
    capabilities: {
      networkPolicy: "unknown",
      podAccess: "none",
      nodeAccess: "none",
      images: "elsewhere",
      secretsAudit: undefined,
    },
    checkAvailable: () => Promise.resolve(checkFile(given, kubeconfig, options.ownKubeconfigs)),
    isUp: () =>
      readServerVersion(kubeconfig).then(
        () => true,
        () => false,
      ),
    up: async (progress) => {
      progress.note(`using the cluster of ${kubeconfig}; ${notOurs}: only what tests make is deleted`);
      await progress.step("API server answers", () => readServerVersion(kubeconfig));
    },
    down: (progress) => {
      progress.note(`${notOurs}: left as it is; OUTRIGGER_CLUSTER_PROVIDER=local names one of ours`);
      return Promise.resolve();
    },
    loadImages: async (tars) => {
      if (env["OUTRIGGER_TEST_IMAGES"] !== "ready") await refuseImages(tars, join(readCacheFolder(env), "images"));
    },
    readStatus: async () => {
      const nodes = await askCluster<{ items: readonly unknown[] }>(kubeconfig, "/api/v1/nodes");
      const versions = new Map([["Kubernetes", await readServerVersion(kubeconfig)]]);
      return { state: `given by ${kubeconfig}, nodes: ${nodes.items.length}`, versions, processes: [] };
    },
    runOnNode: () => Promise.reject(new Error(`${notOurs}: no command is run on its nodes`)),
  };
}

/** Keeps the archives where their reader finds them: a test's own folder goes with the test. */
async function refuseImages(tars: readonly string[], folder: string): Promise<never> {
  await mkdir(folder, { recursive: true });
  const kept = tars.map((tar) => join(folder, basename(tar)));
  for (const [index, tar] of tars.entries()) await copyFile(tar, kept[index] ?? "");
  throw new Error(
    `${notOurs}, so images can't be put onto its nodes. Bring these there (push them to its registry, or load them with its own ` +
      `tool, such as "kind load image-archive") and set OUTRIGGER_TEST_IMAGES=ready:\n  ${kept.join("\n  ")}`,
  );
}

function checkFile(given: string, file: string, own: readonly string[]): Availability {
  if (given === "") return { isAvailable: false, reason: "neither OUTRIGGER_TEST_KUBECONFIG nor KUBECONFIG is set" };
  if (given.includes(":")) return { isAvailable: false, reason: "KUBECONFIG lists several files; give one" };
  if (own.includes(file)) return { isAvailable: false, reason: `${file} belongs to a cluster that was started here` };
  if (!existsSync(file)) return { isAvailable: false, reason: `there is no file ${file}` };
  return { isAvailable: true };
}
