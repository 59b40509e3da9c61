/**
 * The order of a start. Whatever needs time runs beside the next thing; what has to wait says for what. Each group of daemons is
 * waited for with an eye on their lives, so that one that dies ends the start at once with its own words.
 */
import { join } from "node:path";
import { askCluster, sendToCluster } from "../../ask-cluster.ts";
import { makeImage } from "../../image/image.ts";
import type { Progress } from "../../progress.ts";
import { run } from "../../run.ts";
import { applyDns, isDnsAvailable } from "./addons/dns.ts";
import type { Binaries } from "./binaries/binaries.ts";
import { writeAuditPolicy } from "./control-plane/audit.ts";
import { apiServer, controllerManager, etcd, scheduler } from "./control-plane/daemons.ts";
import { makeCgroups } from "./host/cgroups.ts";
import { listMissingFolders, makeFolders, mountTableFolder, privateFolders } from "./host/folders.ts";
import { checkRangeIsFree, makeNetwork } from "./host/network.ts";
import { readSysctls } from "./host/sysctls.ts";
import { pauseImage, writeConfigFiles } from "./node/config-files.ts";
import { startDaemon, waitUntil } from "./node/daemons.ts";
import { makeNamespaces, toNodeCommand } from "./node/namespaces.ts";
import { containerRuntime, kubelet, networkPolicy, serviceProxy, type NodeParts } from "./node/node-daemons.ts";
import { createPki } from "./pki/pki.ts";
import { writeRecord } from "./record.ts";
import { nodeName, type LocalSettings } from "./settings.ts";

/** Starts a cluster on a machine that has none of this name. Ends with the node Ready and DNS available. */
export async function startCluster(settings: LocalSettings, binaries: Binaries, progress: Progress): Promise<void> {
  await progress.step("node: namespaces, network, cgroups", () => prepareNode(settings, binaries));
  const parts = await progress.step("certificates and configuration", () => writeParts(settings));
  await progress.step("container runtime, etcd, API server", async () => {
    await startDaemon(settings, containerRuntime(parts.files));
    await startDaemon(settings, etcd(settings, binaries));
    await startDaemon(settings, apiServer(settings, binaries, parts.pki));
    await Promise.all([bringPauseImage(settings, binaries), waitForApiServer(settings)]);
  });
  await progress.step("controllers, scheduler, kubelet: node Ready", async () => {
    await startDaemon(settings, controllerManager(settings, binaries, parts.pki));
    await startDaemon(settings, scheduler(settings, binaries, parts.pki));
    await startDaemon(settings, kubelet(settings, binaries, parts));
    await Promise.all([applyDns(settings, binaries), waitForNode(settings, binaries, parts)]);
  });
  await progress.step("network policy, DNS available", async () => {
    await startDaemon(settings, networkPolicy(settings, binaries, parts.pki));
    await waitUntil(settings, { what: "DNS", withinMs: 90_000, isReached: () => isDnsAvailable(settings) });
  });
}

/** Whether the API server answers, the node is Ready and DNS available. */
export async function isReady(settings: LocalSettings): Promise<boolean> {
  return (await isNodeReady(settings)) && (await isDnsAvailable(settings));
}

/** Loads image archives into the node's container runtime. */
export async function importImages(settings: LocalSettings, tars: readonly string[]): Promise<void> {
  for (const tar of tars) await run(toNodeCommand(settings, ["ctr", "-n", "k8s.io", "images", "import", tar]));
}

async function prepareNode(settings: LocalSettings, binaries: Binaries): Promise<void> {
  await checkRangeIsFree(settings);
  const madeFolders = listMissingFolders([...privateFolders, mountTableFolder]);
  // First the record, then the changes: `down` has to know what was here before.
  const sysctls = await readSysctls();
  await writeRecord(settings, { startedAtMs: Date.now(), binaries: binaries.folder, sysctls, madeFolders });
  await makeFolders(madeFolders);
  await makeNamespaces(settings);
  await makeNetwork(settings);
  await makeCgroups(settings);
}

async function writeParts(settings: LocalSettings): Promise<NodeParts> {
  const pki = await createPki(settings);
  await writeAuditPolicy(settings);
  return { pki, files: await writeConfigFiles(settings, pki) };
}

async function bringPauseImage(settings: LocalSettings, binaries: Binaries): Promise<void> {
  const file = join(settings.stateFolder, "pause.tar");
  await makeImage({
    name: pauseImage,
    file,
    layers: [{ name: "pause", entries: [{ kind: "copy", path: "/pause", from: binaries.pause, mode: 0o755 }] }],
    entrypoint: ["/pause"],
    user: "65535:65535",
  });
  const isReached = (): Promise<boolean> => run(toNodeCommand(settings, ["ctr", "version"])).then(() => true);
  await waitUntil(settings, { what: "containerd", withinMs: 30_000, isReached });
  await importImages(settings, [file]);
}

async function waitForApiServer(settings: LocalSettings): Promise<void> {
  const isReached = (): Promise<boolean> => sendToCluster(settings.kubeconfig, { path: "/readyz" }).then(() => true);
  await waitUntil(settings, { what: "the API server", withinMs: 90_000, isReached });
}

/** kube-proxy starts between the node's registration and its readiness, and never before the first. */
async function waitForNode(settings: LocalSettings, binaries: Binaries, parts: NodeParts): Promise<void> {
  const isRegistered = (): Promise<boolean> => readNode(settings).then(() => true);
  await waitUntil(settings, { what: "the node's registration", withinMs: 60_000, isReached: isRegistered });
  await startDaemon(settings, serviceProxy(binaries, parts.files));
  await waitUntil(settings, { what: "a Ready node", withinMs: 90_000, isReached: () => isNodeReady(settings) });
}

interface Node {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function readNode(settings: LocalSettings): Promise<Node> {
  return askCluster<Node>(settings.kubeconfig, `/api/v1/nodes/${nodeName}`);
}

async function isNodeReady(settings: LocalSettings): Promise<boolean> {
  const conditions = (await readNode(settings)).status?.conditions ?? [];
  return conditions.some(({ type, status }) => type === "Ready" && status === "True");
}
