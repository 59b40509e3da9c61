/**
 * What the measurements stand on: a cluster, the product installed from its chart, a namespace, and the same server with and without
 * us. A cluster that was up stays up; whatever was made here goes, also after a failure.
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sidecarPorts } from "@outrigger/api/ports";
import { askCluster, sendToCluster } from "../../cluster/ask-cluster.ts";
import { chooseProvider } from "../../cluster/choose-provider.ts";
import { makeProductImages } from "../../cluster/product/images.ts";
import { imageValues, installChart, release, runHelm, uninstallChart } from "../../cluster/product/install.ts";
import { makeServersImage } from "../../cluster/product/servers.ts";
import { httpServer, optedIn, serverPort } from "../../cluster/product/workloads.ts";
import type { Progress } from "../../cluster/progress.ts";
import type { ClusterProvider } from "../../cluster/provider.ts";
import { createManifestClient, type Manifest } from "../../cluster/suite/manifest.ts";
import { waitFor } from "../../fixtures/wait-for.ts";
import { barePort, makeBareImage } from "./bare-image.ts";
import type { Way } from "./caller.ts";

/** A pod, as far as it is read here. */
export interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status?: {
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly ContainerState[];
    readonly initContainerStatuses?: readonly ContainerState[];
  };
}

interface ContainerState {
  readonly name: string;
  readonly containerID?: string;
  readonly restartCount: number;
}

/** Whether a server is one of ours or as its owner wrote it. */
export type Kind = "plain" | "ours";

/** The stage. Pods are found by the name of their Deployment. */
export interface Stage {
  readonly kubeconfig: string;
  readonly clusterVersion: string;
  readonly bareImage: string;
  readonly namespace: string;
  readonly create: (manifest: Manifest) => Promise<void>;
  readonly deploy: (name: string, kind: Kind, replicas?: number) => Promise<void>;
  readonly remove: (name: string) => Promise<void>;
  readonly pods: (name: string) => Promise<readonly Pod[]>;
  readonly podsReady: (name: string, count?: number) => Promise<readonly Pod[]>;
  readonly direct: (pod: Pod) => Way;
  readonly throughSidecar: (pod: Pod) => Way;
  readonly throughBare: (pod: Pod) => Way;
  readonly throughAggregator: (name: string) => Way;
  /** Changes the installation's policy as its owner does. Resolves when Helm is done. */
  readonly setPolicy: (policy: object) => Promise<void>;
  readonly annotate: (pod: Pod, key: string, value: string | null) => Promise<void>;
  /** Kills the first process of a container from the node, where nothing in the container can hear of it before. */
  readonly kill: (container: ContainerState | undefined) => Promise<void>;
}

/** This machine calls the sidecars itself, so their network policy has to admit it as an installation would admit a client. */
const clients = `networkPolicies.sidecarClients=${JSON.stringify([{ ipBlock: { cidr: "0.0.0.0/0" } }])}`;
const openPolicy = { defaultAction: "Allow" };
const readyWithinMs = 90_000;

/** Runs the work on a stage. Rejects with a sentence where there is no cluster that can be measured. */
export async function withStage<T>(progress: Progress, work: (stage: Stage) => Promise<T>): Promise<T> {
  const provider = await findProvider();
  const wasUp = await provider.isUp();
  if (wasUp) progress.note(`${provider.name}: running already, and stays`);
  else await provider.up(progress);
  try {
    return await withProduct(provider, progress, work);
  } finally {
    if (!wasUp) await provider.down(progress);
  }
}

async function findProvider(): Promise<ClusterProvider> {
  const choice = await chooseProvider(process.env);
  if (!choice.ok) throw new Error(`no cluster can be used here:\n  ${choice.reasons.join("\n  ")}`);
  const { podAccess, nodeAccess } = choice.provider.capabilities;
  if (podAccess === "direct" && nodeAccess === "commands") return choice.provider;
  throw new Error(
    `${choice.provider.name}: its pods can't be called from this machine, so a call would be measured with its tunnel; ` +
      "OUTRIGGER_CLUSTER_PROVIDER=local",
  );
}

async function withProduct<T>(
  provider: ClusterProvider,
  progress: Progress,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const { kubeconfig } = provider;
  const isThere = await runHelm(kubeconfig, ["status", release.name]).then(
    () => true,
    () => false,
  );
  if (isThere) throw new Error(`the release ${release.name} is installed already, and would be measured as it is`);
  const images = await progress.step("images made and loaded", () => loadImages(provider));
  const namespace = `bench-${randomUUID().slice(0, 8)}`;
  try {
    await progress.step("chart installed", () => installChart(kubeconfig, [...images.values, clients]));
    await createNamespace(kubeconfig, namespace);
    return await work(await createStage(provider, images, namespace));
  } finally {
    await progress.step("chart and namespace removed", async () => {
      await sendToCluster(kubeconfig, { method: "DELETE", path: `/api/v1/namespaces/${namespace}` }).catch(
        () => undefined, // not made yet
      );
      await uninstallChart(kubeconfig);
    });
  }
}

interface Images {
  readonly values: readonly string[];
  readonly servers: string;
  readonly bare: string;
}

async function loadImages(provider: ClusterProvider): Promise<Images> {
  const folder = await mkdtemp(join(tmpdir(), "outrigger-bench-"));
  try {
    const images = await makeProductImages(folder);
    const servers = await makeServersImage(folder);
    const bare = await makeBareImage(folder);
    await provider.loadImages([...images.map(({ image }) => image.file), servers.file, bare.file]);
    return { values: imageValues(images), servers: servers.name, bare: bare.name };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function createNamespace(kubeconfig: string, name: string): Promise<void> {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  const manifests = createManifestClient(kubeconfig, name);
  await manifests.create({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
  await waitFor("the default ServiceAccount", () =>
    askCluster(kubeconfig, `/api/v1/namespaces/${name}/serviceaccounts/default`).then(() => true),
  );
}

async function createStage(provider: ClusterProvider, images: Images, namespace: string): Promise<Stage> {
  const { kubeconfig } = provider;
  const service = `/api/v1/namespaces/${release.namespace}/services/outrigger-aggregator`;
  const { spec } = await askCluster<{ spec: { clusterIP: string } }>(kubeconfig, service);
  const { gitVersion } = await askCluster<{ gitVersion: string }>(kubeconfig, "/version");
  const manifests = createManifestClient(kubeconfig, namespace);
  const echo = (url: string): Way => ({ url, tool: "echo", arguments: (message) => ({ message }) });
  const at = (pod: Pod, port: number): string => `http://${pod.status?.podIP ?? ""}:${port}/mcp`;
  const pods: Stage["pods"] = async (name) => {
    const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(`app=${name}`)}`;
    const { items } = await askCluster<{ items: readonly Pod[] }>(kubeconfig, path);
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  };
  return {
    kubeconfig,
    clusterVersion: gitVersion,
    bareImage: images.bare,
    namespace,
    create: manifests.create,
    deploy: (name, kind, replicas = 1) => {
      const labels = kind === "ours" ? optedIn : {};
      return manifests.create(httpServer(name, { image: images.servers, labels, replicas }));
    },
    remove: (name) => manifests.remove({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name } }),
    pods,
    podsReady: (name, count = 1) =>
      waitFor(
        `${name} to be Ready`,
        async () => {
          const all = await pods(name);
          return all.length === count && all.every(isReady) ? all : undefined;
        },
        readyWithinMs,
      ),
    direct: (pod) => echo(at(pod, serverPort)),
    throughSidecar: (pod) => echo(at(pod, sidecarPorts.data)),
    throughBare: (pod) => echo(at(pod, barePort)),
    throughAggregator: (name) => ({
      url: `http://${spec.clusterIP}/mcp`,
      tool: "call_tool",
      arguments: (message) => ({ name: `${namespace}__${name}__echo`, arguments: { message } }),
    }),
    setPolicy: async (policy) => {
      await installChart(kubeconfig, [
        ...images.values,
        clients,
        `policy=${JSON.stringify({ ...openPolicy, ...policy })}`,
      ]);
    },
    annotate: async ({ metadata }, key, value) => {
      const path = `/api/v1/namespaces/${namespace}/pods/${metadata.name}`;
      await sendToCluster(kubeconfig, { method: "PATCH", path, body: { metadata: { annotations: { [key]: value } } } });
    },
    kill: async (container) => {
      const id = container?.containerID?.replace(/^containerd:\/\//, "") ?? "";
      const code = await provider.runOnNode(["ctr", "-n", "k8s.io", "tasks", "kill", "-s", "SIGKILL", id]);
      if (code !== 0) throw new Error(`container "${container?.name ?? ""}" could not be killed`);
    },
  };
}

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
}
