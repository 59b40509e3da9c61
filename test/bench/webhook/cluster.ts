/**
 * A real API server that asks the servers of this machine about pods: namespaces with the webhook, with those that decide nothing, and with
 * none. A cluster that was up stays up; whatever was made here goes, also after a failure.
 */
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { once } from "node:events";
import type { RequestOptions } from "node:https";
import { askCluster, readServerVersion, sendToCluster } from "../../cluster/ask-cluster.ts";
import { chooseProvider } from "../../cluster/choose-provider.ts";
import type { Progress } from "../../cluster/progress.ts";
import type { ClusterProvider } from "../../cluster/provider.ts";
import { createManifestClient, type Manifest } from "../../cluster/suite/manifest.ts";
import { waitFor } from "../../fixtures/wait-for.ts";
import { moveToCore } from "../sidecar/cores.ts";
import type { Target } from "./load/client.ts";
import { noOpName, readyMadeName, webhookName, type Server, type Surroundings } from "./servers.ts";
import { describePolicy, optedIn } from "./surroundings.ts";

/** Who is asked about the pods of a namespace. */
export const nobodyName = "no webhook";
export type Asked = typeof webhookName | typeof noOpName | typeof readyMadeName | typeof nobodyName;

/** A cluster with a namespace for each of them. */
export interface Cluster extends Surroundings {
  readonly version: string;
  /** Has the API server ask the servers. Resolves when it does. */
  readonly register: (servers: Readonly<Partial<Record<Asked, Server>>>) => Promise<void>;
  readonly namespaceOf: (asked: Asked) => string;
  /** Where pods of a namespace are created without being kept. */
  readonly dryRunTarget: (asked: Asked) => Target;
  /** The name of the entry that asks a server, as the API server's metrics have it. */
  readonly entryName: (asked: Asked) => string;
  readonly metrics: () => Promise<string>;
  readonly close: () => Promise<void>;
}

const namespaceWord: Readonly<Record<Asked, string>> = {
  [webhookName]: "webhook",
  [noOpName]: "no-op",
  [readyMadeName]: "ready-made",
  [nobodyName]: "nobody",
};
/** In the order in which they take turns. */
export const everyAsked: readonly Asked[] = [nobodyName, noOpName, readyMadeName, webhookName];

/** Opens it, starting one where none is up. Rejects with a sentence where none can be used. */
export async function openCluster(onProgress: (text: string) => void): Promise<Cluster> {
  const progress: Progress = {
    step: (name, work) => {
      onProgress(`cluster: ${name}`);
      return work();
    },
    note: onProgress,
  };
  const provider = await findProvider();
  const wasUp = await provider.isUp();
  if (!wasUp) await provider.up(progress);
  const end = async (): Promise<void> => {
    if (!wasUp) await provider.down(progress);
  };
  try {
    return await makeNamespaces(provider, end);
  } catch (error) {
    await end();
    throw error;
  }
}

async function findProvider(): Promise<ClusterProvider> {
  const choice = await chooseProvider(process.env);
  if (!choice.ok) throw new Error(`no cluster can be used here: ${choice.reasons.join("; ")}`);
  if (choice.provider.capabilities.podAccess === "direct") return choice.provider;
  throw new Error(
    `${choice.provider.name}: its API server can't ask a server of this machine; OUTRIGGER_CLUSTER_PROVIDER=local`,
  );
}

async function makeNamespaces(provider: ClusterProvider, end: () => Promise<void>): Promise<Cluster> {
  const { kubeconfig } = provider;
  const id = `bench-${randomUUID().slice(0, 8)}`;
  const namespaceOf = (asked: Asked): string => `${id}-${namespaceWord[asked]}`;
  const ownNamespace = `${id}-system`;
  const manifests = createManifestClient(kubeconfig, ownNamespace);
  const configurationPath = `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${id}`;
  const giveBack = await keepOffLastCore(provider);
  const close = async (): Promise<void> => {
    const remove = (path: string): Promise<unknown> =>
      // What was not made can't be removed, and where the whole cluster goes nothing has to be.
      sendToCluster(kubeconfig, { method: "DELETE", path }).catch(() => undefined);
    await remove(configurationPath);
    for (const name of [ownNamespace, ...everyAsked.map(namespaceOf)]) await remove(`/api/v1/namespaces/${name}`);
    giveBack();
    await end();
  };
  try {
    await createNamespace(kubeconfig, ownNamespace, {});
    for (const asked of everyAsked) await createNamespace(kubeconfig, namespaceOf(asked), optedIn);
    for (const each of await describePolicy(ownNamespace, [namespaceOf(webhookName)]))
      await manifests.create({ ...each });
    const api = await readApi(kubeconfig);
    const entryName = (asked: Asked): string => `${namespaceWord[asked]}.${id}.example.com`;
    return {
      ...{ kube: "kubeconfig", kubeconfig, ownNamespace, address: api.localAddress, namespaceOf, entryName, close },
      version: await readServerVersion(kubeconfig),
      register: async (servers) => {
        const webhooks = everyAsked.flatMap((asked) => {
          const server = servers[asked];
          if (server === undefined) return [];
          return [describeEntry(entryName(asked), namespaceOf(asked), { server, address: api.localAddress })];
        });
        const kind = "MutatingWebhookConfiguration";
        const registration = { apiVersion: "admissionregistration.k8s.io/v1", kind, metadata: { name: id }, webhooks };
        await manifests.create(registration);
      },
      dryRunTarget: (asked) => ({
        ...{ name: `the API server with ${asked}`, origin: api.origin, ca: api.ca, cert: api.cert, key: api.key },
        path: `/api/v1/namespaces/${namespaceOf(asked)}/pods?dryRun=All`,
      }),
      metrics: () => sendToCluster(kubeconfig, { path: "/metrics" }),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The cluster's own processes leave the last core to what is measured; where they are not this machine's, they do anyway. */
async function keepOffLastCore(provider: ClusterProvider): Promise<() => void> {
  const { processes } = await provider.readStatus();
  const pids = processes.map(({ pid }) => pid);
  for (const pid of pids) moveToCore(pid, "first");
  return () => {
    for (const pid of pids) moveToCore(pid, "any");
  };
}

async function createNamespace(
  kubeconfig: string,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const namespace: Manifest = { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
  await createManifestClient(kubeconfig, name).create(namespace);
  await waitFor("the default ServiceAccount", () =>
    askCluster(kubeconfig, `/api/v1/namespaces/${name}/serviceaccounts/default`).then(() => true),
  );
}

/** An entry as the chart has it, for one namespace. */
function describeEntry(
  name: string,
  namespace: string,
  { server, address }: { readonly server: Server; readonly address: string },
): object {
  return {
    name,
    clientConfig: {
      url: `https://${address}:${server.port}/mutate/namespace`,
      caBundle: Buffer.from(server.authority).toString("base64"),
    },
    rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"], scope: "Namespaced" }],
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
    ...{ failurePolicy: "Fail", matchPolicy: "Equivalent", reinvocationPolicy: "IfNeeded", sideEffects: "None" },
    ...{ timeoutSeconds: 5, admissionReviewVersions: ["v1"] },
  };
}

interface Api {
  readonly origin: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** The address of this machine that the API server sees, and can ask. */
  readonly localAddress: string;
}

async function readApi(kubeconfig: string): Promise<Api> {
  // Loaded here: who measures without a cluster does not wait for it.
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const url = new URL(config.getCurrentCluster()?.server ?? "");
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const [ca, cert, key] = [options.ca, options.cert, options.key].map(String);
  const socket = connect(Number(url.port || "443"), url.hostname);
  await once(socket, "connect");
  const localAddress = socket.localAddress ?? "";
  socket.destroy();
  return { origin: url.origin, ca: ca ?? "", cert: cert ?? "", key: key ?? "", localAddress };
}
