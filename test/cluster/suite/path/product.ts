/** For tests of the whole path: the product installed from its chart, namespaces of users, and the API server as a user asks it. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, inject } from "vitest";
import { waitFor } from "../../../fixtures/wait-for.ts";
import { askCluster, sendToCluster } from "../../ask-cluster.ts";
import { installChart, release, uninstallChart } from "../../product/install.ts";
import { createManifestClient, type Manifest } from "../manifest.ts";

/** A pod, as far as these tests read it. */
export interface PodFacts {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: {
    readonly initContainers?: readonly {
      readonly name: string;
      readonly image: string;
      readonly restartPolicy?: string;
    }[];
  };
  readonly status?: {
    readonly podIP?: string;
    readonly phase?: string;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastTransitionTime: string;
    }[];
    readonly containerStatuses?: readonly { readonly name: string; readonly restartCount: number }[];
    readonly initContainerStatuses?: readonly { readonly name: string; readonly restartCount: number }[];
  };
}

/** The installed product and what a test does with the cluster. */
export interface Product {
  /** Image of the test servers. */
  readonly image: string;
  readonly kubeconfig: string;
  /** Changes values of the release, kept until the next call. */
  readonly upgrade: (...values: readonly string[]) => Promise<string>;
  /** Base URL of the aggregator by the address of its Service. */
  readonly aggregator: () => Promise<string>;
  /** A namespace that refuses what Pod Security "restricted" refuses, unless a label says otherwise; it goes with the file. */
  readonly makeNamespace: (
    labels?: Readonly<Record<string, string>>,
    annotations?: Readonly<Record<string, string>>,
    name?: string,
  ) => Promise<string>;
  readonly create: (manifest: Manifest, namespace: string) => Promise<void>;
  readonly get: <T>(path: string) => Promise<T>;
  /** Merges into an object at a path of the API. */
  readonly patch: (path: string, body: object) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
  readonly pods: (namespace: string, app: string) => Promise<readonly PodFacts[]>;
  /** The only pod of a Deployment, once it is Ready. */
  readonly readyPod: (namespace: string, app: string) => Promise<PodFacts>;
}

const readyWithinMs = 90_000;

/** Installs the product for the tests of a file. Call it inside the block that is skipped without a cluster. */
export function useProduct(...values: readonly string[]): Product {
  return useInstalled(values, installChart);
}

/** The same where something else than the present chart is installed first: `install` gets the kubeconfig and the present values. */
export function useInstalled(
  values: readonly string[],
  install: (kubeconfig: string, values: readonly string[]) => Promise<unknown>,
): Product {
  const provided = inject("cluster");
  const kubeconfig = provided.ok ? provided.kubeconfig : "";
  const namespaces: string[] = [];
  const { imageValues, serversImage } = inject("product");

  beforeAll(async () => {
    if (provided.ok) await install(kubeconfig, [...imageValues, ...values]);
  }, 300_000);
  afterAll(async () => {
    if (!provided.ok) return;
    await uninstallChart(kubeconfig);
    for (const name of namespaces)
      await sendToCluster(kubeconfig, { method: "DELETE", path: `/api/v1/namespaces/${name}` });
  }, 120_000);

  const get = <T>(path: string): Promise<T> => askCluster<T>(kubeconfig, path);
  const pods = async (namespace: string, app: string): Promise<readonly PodFacts[]> => {
    const query = `labelSelector=${encodeURIComponent(`app=${app}`)}`;
    const { items } = await get<{ items: readonly PodFacts[] }>(`/api/v1/namespaces/${namespace}/pods?${query}`);
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  };
  return {
    image: serversImage,
    kubeconfig,
    upgrade: (...more) => installChart(kubeconfig, [...imageValues, ...values, ...more]),
    aggregator: async () => {
      const path = `/api/v1/namespaces/${release.namespace}/services/outrigger-aggregator`;
      const { spec } = await get<{ spec: { clusterIP: string } }>(path);
      return `http://${spec.clusterIP}`;
    },
    makeNamespace: async (labels = {}, annotations = {}, name = inventNamespace()) => {
      const all = { "pod-security.kubernetes.io/enforce": "restricted", ...labels };
      await createManifestClient(kubeconfig, name).create({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name, labels: all, annotations },
      });
      namespaces.push(name);
      await waitFor("the default ServiceAccount", () =>
        get(`/api/v1/namespaces/${name}/serviceaccounts/default`).then(() => true),
      );
      return name;
    },
    create: (manifest, namespace) => createManifestClient(kubeconfig, namespace).create(manifest),
    get,
    patch: async (path, body) => {
      await sendToCluster(kubeconfig, { method: "PATCH", path, body });
    },
    remove: async (path) => {
      await sendToCluster(kubeconfig, { method: "DELETE", path });
    },
    pods,
    readyPod: (namespace, app) =>
      waitFor(
        `a Ready pod of ${app}`,
        async () => {
          const all = await pods(namespace, app);
          const ready = all.find((pod) => isReady(pod));
          if (ready === undefined) throw new Error(JSON.stringify(all.map((pod) => pod.status ?? {})));
          return ready;
        },
        readyWithinMs,
      ),
  };
}

/** A name for a namespace that nobody has yet, for tests whose values name it before it is there. */
export function inventNamespace(): string {
  return `tools-${randomUUID().slice(0, 8)}`;
}

/** True where the kubelet calls the pod Ready. */
function isReady(pod: PodFacts): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
}

/** True where something answers HTTP at a port within a second. */
export async function reaches(address: string | undefined, port: number): Promise<boolean> {
  return fetch(`http://${address ?? ""}:${port}/`, { signal: AbortSignal.timeout(1_000) }).then(
    () => true,
    () => false,
  );
}
