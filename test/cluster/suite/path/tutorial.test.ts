/**
 * The tutorial for a cluster as a reader follows it: its manifest, its commands, what they print. The page names a registry and an
 * image that a test machine does not reach: Outrigger's own images are named by values of the chart instead, and the server's image
 * is made from the same server's package and put onto the nodes under the name that the page's manifest has.
 */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { repositoryRoot } from "../../../demo/stage/root.ts";
import { makeTestFolder } from "../../../fixtures/temporary-folder.ts";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { findHelm } from "../../../charts/helm.ts";
import { followPage } from "../../../integration/pages/follow.ts";
import { readExamples, readFences } from "../../../integration/pages/page.ts";
import { createReader, type Reader } from "../../../integration/pages/reader.ts";
import { askCluster, sendToCluster } from "../../ask-cluster.ts";
import { createProviders, findProvider } from "../../choose-provider.ts";
import { makeNodeImage } from "../../image/node-image.ts";
import { uninstallChart } from "../../product/install.ts";
import { makeServersImage } from "../../product/servers.ts";
import { hasCluster } from "../cluster.ts";
import { findKubectlFolders } from "../kubectl.ts";
import type { ProvidedCluster } from "../provided.ts";

const page = "docs/tutorials/kubernetes.md";
const pageRegistry = "--set images.registry=registry.example.com/outrigger";
const namespacePath = "/api/v1/namespaces/tools";
const patienceMs = 60_000;
/** What reads may be tried again until the cluster has caught up; what changes something is done once. */
const reads = /^(?:npx outrigger (?:search|call)|kubectl get) /;

type Cluster = Extract<ProvidedCluster, { ok: true }>;

describe.skipIf(!hasCluster())("the tutorial for a cluster", () => {
  it("leads from helm install to a refused call in at most ten commands", async () => {
    const commands = readFences(await readPage()).filter(({ language }) => ["sh", "console"].includes(language));
    const examples = commands.flatMap(readExamples);
    const install = examples.findIndex(({ command }) => command.startsWith("helm install "));
    const refused = examples.findIndex(({ output }) => output?.includes("OUTRIGGER_ERR_TOOL_UNKNOWN") === true);
    expect(install).toBe(0);
    expect(refused).toBeGreaterThan(install);
    expect(refused - install + 1).toBeLessThanOrEqual(10);
  });

  it("prints what its page says, on a real cluster", { timeout: 480_000 }, async () => {
    const cluster = readCluster();
    const text = await readPage();
    await expectUnused(cluster);
    onTestFinished(() => cleanUp(cluster), 120_000);
    await loadPageImage(cluster, text);
    expect(await followPage(page, text, await createClusterReader(cluster))).toBeGreaterThan(9);
  });
});

const readPage = (): Promise<string> => readFile(join(repositoryRoot, page), "utf8");

function readCluster(): Cluster {
  const provided = inject("cluster");
  if (!provided.ok) throw new Error("the tests of a missing cluster are skipped");
  return provided;
}

/** The page makes its namespace, and it is deleted after the test: somebody else's must not be. */
async function expectUnused({ kubeconfig }: Cluster): Promise<void> {
  await waitFor("no namespace tools", async () => !(await isThere(kubeconfig)), 60_000);
}

async function isThere(kubeconfig: string): Promise<boolean> {
  return askCluster(kubeconfig, namespacePath).then(
    () => true,
    (error: unknown) => {
      if (/404|not ?found/i.test(String(error))) return false;
      throw error;
    },
  );
}

async function cleanUp({ kubeconfig }: Cluster): Promise<void> {
  await uninstallChart(kubeconfig);
  if (await isThere(kubeconfig)) await sendToCluster(kubeconfig, { method: "DELETE", path: namespacePath });
}

async function loadPageImage(cluster: Cluster, text: string): Promise<void> {
  const image = /^ *image: (\S+)$/m.exec(text)?.[1] ?? "";
  const folder = makeTestFolder("tutorial");
  await makeServersImage(folder);
  const { file } = await makeNodeImage({
    name: `docker.io/${image}:latest`,
    file: join(folder, "page.tar"),
    app: [{ kind: "copy", path: "/app/dist/index.js", from: join(folder, "everything.mjs") }],
    workdir: "/app",
  });
  await findProvider(createProviders(process.env), cluster.provider).loadImages([file]);
}

async function createClusterReader(cluster: Cluster): Promise<Reader> {
  const folder = makeTestFolder("home");
  const { imageValues } = inject("product");
  const local = imageValues.map((value) => `--set ${value}`).join(" ");
  const reader = createReader({
    programs: [...(await findKubectlFolders(cluster)), dirname(await findHelm())],
    env: {
      KUBECONFIG: cluster.kubeconfig,
      KUBECACHEDIR: join(folder, "kube"),
      HELM_CACHE_HOME: join(folder, "helm-cache"),
      HELM_CONFIG_HOME: join(folder, "helm-config"),
      HELM_DATA_HOME: join(folder, "helm-data"),
    },
  });
  return {
    ...reader,
    run: (command) => reader.run(command.replace(pageRegistry, local)),
    patienceMs: (command) => (reads.test(command) ? patienceMs : 0),
  };
}
