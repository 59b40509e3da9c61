/** The cluster as tests see it: a namespace of their own, objects in it, commands and logs of its pods, images on its nodes. */
import { randomUUID } from "node:crypto";
import { CoreV1Api, KubeConfig, type V1Pod } from "@kubernetes/client-node";
import { afterAll, beforeAll, inject } from "vitest";
import { waitFor } from "../../fixtures/wait-for.ts";
import { createProviders, findProvider } from "../choose-provider.ts";
import type { ClusterCapabilities } from "../provider.ts";
import { execInPod, type ExecResult } from "./exec.ts";
import { createManifestClient, type Manifest, type ManifestClient } from "./manifest.ts";
import type { ProvidedCluster } from "./provided.ts";

/** What a test file can do. Everything lies in one namespace, which goes with the file. */
export interface TestCluster extends ManifestClient {
  readonly namespace: string;
  readonly capabilities: ClusterCapabilities;
  /** The client's own calls, for reading. */
  readonly core: CoreV1Api;
  /** Puts image archives onto the nodes. */
  readonly loadImages: (...tars: readonly string[]) => Promise<void>;
  /** Creates a pod and waits until it is Ready. Rejects with what the pod says about itself. */
  readonly runPod: (manifest: Manifest) => Promise<V1Pod>;
  /** Runs a command in the first container of a pod. */
  readonly exec: (pod: string, command: readonly string[]) => Promise<ExecResult>;
  readonly readLog: (pod: string) => Promise<string>;
}

const readyWithinMs = 60_000;

/** Whether there is a cluster; without one the set-up has said why. */
export function hasCluster(): boolean {
  return inject("cluster").ok;
}

/**
 * Opens the cluster for the tests of a file, with a namespace that refuses every pod which Pod Security "restricted" refuses.
 * Call it inside the block that is skipped without a cluster.
 */
export function useCluster(name: string): TestCluster {
  const provided = inject("cluster");
  const config = readConfig(provided);
  const core = config.makeApiClient(CoreV1Api);
  const namespace = `outrigger-${name}-${randomUUID().slice(0, 8)}`;
  const manifests = createManifestClient(provided.ok ? provided.kubeconfig : "", namespace);
  beforeAll(async () => {
    const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
    await manifests.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } });
    // Pods are refused until the controller has made it.
    await waitFor("the default ServiceAccount", () =>
      core.readNamespacedServiceAccount({ name: "default", namespace }).then(() => true),
    );
  });
  afterAll(() => core.deleteNamespace({ name: namespace }));
  return {
    namespace,
    capabilities: provided.ok ? provided.capabilities : noCapabilities,
    core,
    loadImages: async (...tars) => {
      if (provided.ok) await findProvider(createProviders(process.env), provided.provider).loadImages(tars);
    },
    ...manifests,
    runPod: async (manifest) => {
      await manifests.create(manifest);
      return waitForReady(core, { name: manifest.metadata.name, namespace });
    },
    exec: (pod, command) => execInPod(config, { namespace, pod, command }),
    readLog: (pod) => core.readNamespacedPodLog({ name: pod, namespace }),
  };
}

/** Of a block that is skipped. */
const noCapabilities = {
  networkPolicy: "unknown",
  podAccess: "none",
  nodeAccess: "none",
  images: "elsewhere",
  secretsAudit: undefined,
} as const;

/** Blocks that are skipped are set up too: without a cluster they get the address of nobody. */
function readConfig(provided: ProvidedCluster): KubeConfig {
  const config = new KubeConfig();
  if (provided.ok) config.loadFromFile(provided.kubeconfig);
  else
    config.loadFromClusterAndUser(
      { name: "none", server: "https://127.0.0.1:9", skipTLSVerify: false },
      { name: "none" },
    );
  return config;
}

async function waitForReady(core: CoreV1Api, place: { name: string; namespace: string }): Promise<V1Pod> {
  const isReady = async (): Promise<V1Pod> => {
    const pod = await core.readNamespacedPod(place);
    if (pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true) return pod;
    throw new Error(JSON.stringify(pod.status?.containerStatuses ?? pod.status));
  };
  return waitFor(`pod ${place.name} to be Ready`, isReady, readyWithinMs);
}
