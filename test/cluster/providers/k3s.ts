/**
 * K3s in a container, by testcontainers, where a Docker engine answers. Pulls nothing unless OUTRIGGER_ALLOW_PULL=1: neither the image
 * of K3s, nor what K3s itself would take from a registry, nor testcontainers' reaper. The container outlives this process.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { askCluster, readServerVersion } from "../ask-cluster.ts";
import type { Progress } from "../progress.ts";
import type { Availability, ClusterProvider, Environment } from "../provider.ts";
import { run, runAttached } from "../run.ts";
import { readCacheFolder } from "./local/settings.ts";

interface K3sPlace {
  readonly image: string;
  readonly kubeconfig: string;
  readonly idFile: string;
  readonly mayPull: "pull" | "never";
}

/** Nothing listens there: whatever K3s' own container runtime tries to pull fails at once. Source: K3s documentation, "Configuring an HTTP proxy". */
const deadProxy = { CONTAINERD_HTTP_PROXY: "http://127.0.0.1:9", CONTAINERD_HTTPS_PROXY: "http://127.0.0.1:9" };

/** Creates the provider. The image is `OUTRIGGER_K3S_IMAGE`. */
export function createK3sProvider(env: Environment): ClusterProvider {
  const folder = join(readCacheFolder(env), "k3s");
  const place: K3sPlace = {
    image: env["OUTRIGGER_K3S_IMAGE"] ?? "rancher/k3s:v1.34.4-k3s1",
    kubeconfig: join(folder, "kubeconfig"),
    idFile: join(folder, "container-id"),
    mayPull: env["OUTRIGGER_ALLOW_PULL"] === "1" ? "pull" : "never",
  };
  const isUp = (): Promise<boolean> => isReady(place).catch(() => false);
  return {
    name: "k3s",
    kubeconfig: place.kubeconfig,
    capabilities: {
      networkPolicy: "K3s' own controller (kube-router)",
      podAccess: "none",
      nodeAccess: "commands",
      images: "imported",
      secretsAudit: undefined,
    },
    checkAvailable: () => checkEngine(place),
    isUp,
    up: async (progress) => {
      if (await isUp()) return;
      await removeContainer(place);
      await startContainer(place, progress);
    },
    down: (progress) => progress.step("container removed", () => removeContainer(place)),
    loadImages: async (tars) => {
      for (const tar of tars) await loadImage(place, tar);
    },
    readStatus: async () => {
      if (!(await isUp())) return { state: "down", versions: new Map(), processes: [] };
      const versions = new Map([["Kubernetes", await readServerVersion(place.kubeconfig)]]);
      return { state: `up in container ${(await readId(place)).slice(0, 12)}`, versions, processes: [] };
    },
    runOnNode: async (command) => runAttached(["docker", "exec", await readId(place), ...command]),
  };
}

async function checkEngine(place: K3sPlace): Promise<Availability> {
  const no = (reason: string): Availability => ({ isAvailable: false, reason });
  const engine = await run(["docker", "version", "--format", "{{.Server.Version}}"]).catch(() => undefined);
  if (engine === undefined) return no("no Docker engine answers");
  const hasImage = await run(["docker", "image", "inspect", place.image]).then(
    () => true,
    () => false,
  );
  if (hasImage || place.mayPull === "pull") return { isAvailable: true };
  return no(`the image ${place.image} is not there; OUTRIGGER_ALLOW_PULL=1 allows to pull it`);
}

async function startContainer(place: K3sPlace, progress: Progress): Promise<void> {
  // The reaper is one more image, and would remove the container as soon as this process ends.
  process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";
  // Loaded here: nobody else waits for its many modules.
  const { K3sContainer } = await import("@testcontainers/k3s");
  const container = new K3sContainer(place.image).withEnvironment(place.mayPull === "pull" ? {} : deadProxy);
  await progress.step(`container of ${place.image}`, async () => {
    const started = await container.start();
    await mkdir(join(place.idFile, ".."), { recursive: true });
    await writeFile(place.idFile, started.getId());
    await writeFile(place.kubeconfig, started.getKubeConfig(), { mode: 0o600 });
  });
  await progress.step("node Ready, DNS available", async () => {
    await kubectl(place, ["wait", "--for=condition=Ready", "node", "--all", "--timeout=90s"]);
    await kubectl(place, ["-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=120s"]);
  });
}

async function kubectl(place: K3sPlace, args: readonly string[]): Promise<string> {
  return run(["docker", "exec", await readId(place), "kubectl", ...args]);
}

async function loadImage(place: K3sPlace, tar: string): Promise<void> {
  const target = "/tmp/outrigger-image.tar";
  const id = await readId(place);
  await run(["docker", "cp", tar, `${id}:${target}`]);
  await run(["docker", "exec", id, "ctr", "-n", "k8s.io", "images", "import", target]);
  await run(["docker", "exec", id, "rm", target]);
}

async function removeContainer(place: K3sPlace): Promise<void> {
  if (!existsSync(place.idFile)) return;
  await run(["docker", "rm", "--force", "--volumes", await readId(place)]);
  for (const file of [place.idFile, place.kubeconfig]) await rm(file, { force: true });
}

async function readId(place: K3sPlace): Promise<string> {
  return (await readFile(place.idFile, "utf8")).trim();
}

interface Deployment {
  readonly status?: { readonly availableReplicas?: number };
}

async function isReady(place: K3sPlace): Promise<boolean> {
  if (!existsSync(place.kubeconfig)) return false;
  const path = "/apis/apps/v1/namespaces/kube-system/deployments/coredns";
  return ((await askCluster<Deployment>(place.kubeconfig, path)).status?.availableReplicas ?? 0) > 0;
}
