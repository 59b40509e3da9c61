/** For tests of admission: asks the API server what it would make of a pod, takes the webhook away and brings it back, reads whom it is trusted by. */
import { waitFor } from "../../../fixtures/wait-for.ts";
import { askCluster, sendToCluster } from "../../ask-cluster.ts";
import { release } from "../../product/install.ts";
import type { Manifest } from "../manifest.ts";
import type { PodFacts } from "./product.ts";

const configurationPaths = ["mutating", "validating"].map(
  (kind) => `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations/outrigger`,
);
const deploymentPath = `/apis/apps/v1/namespaces/${release.namespace}/deployments/outrigger-webhook`;
const podsPath = `/api/v1/namespaces/${release.namespace}/pods`;
const ofWebhook = `labelSelector=${encodeURIComponent("app.kubernetes.io/component=webhook")}`;

interface Configuration {
  readonly webhooks: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
}

/** The pod as it would be created; nothing is. Rejects with the API server's words where it is refused. */
export async function admitDry(kubeconfig: string, namespace: string, body: Manifest): Promise<PodFacts> {
  const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
  return JSON.parse(await sendToCluster(kubeconfig, { method: "POST", path, body })) as PodFacts;
}

/** True where a pod has the sidecar. */
export function isInjected({ metadata, spec }: PodFacts): boolean {
  const hasSidecar = spec.initContainers?.some(({ name }) => name === "outrigger-sidecar") === true;
  return hasSidecar && metadata.labels?.["outrigger.dev/injected"] === "true";
}

/** The webhook's pods. */
async function listWebhookPods(kubeconfig: string): Promise<readonly PodFacts[]> {
  return (await askCluster<{ items: readonly PodFacts[] }>(kubeconfig, `${podsPath}?${ofWebhook}`)).items;
}

/** Ends one of the webhook's pods at once, as the loss of its node would. */
export async function killWebhookPod(kubeconfig: string): Promise<void> {
  const [pod] = await listWebhookPods(kubeconfig);
  const path = `${podsPath}/${pod?.metadata.name ?? ""}?gracePeriodSeconds=0`;
  await sendToCluster(kubeconfig, { method: "DELETE", path });
}

/** Runs something while no webhook is there, and brings it back however that ends. */
export async function withoutWebhook(kubeconfig: string, during: () => Promise<void>): Promise<void> {
  const scale = (replicas: number): Promise<unknown> =>
    sendToCluster(kubeconfig, { method: "PATCH", path: deploymentPath, body: { spec: { replicas } } });
  await scale(0);
  try {
    await waitFor("the webhook to be gone", async () => (await listWebhookPods(kubeconfig)).length === 0, 60_000);
    await during();
  } finally {
    await scale(2);
    await waitFor("the webhook to be back", () => isBack(kubeconfig), 60_000);
  }
}

async function isBack(kubeconfig: string): Promise<boolean> {
  const { status } = await askCluster<{ status: { readyReplicas?: number } }>(kubeconfig, deploymentPath);
  return status.readyReplicas === 2;
}

/** The caBundle of each entry of the webhook configurations. */
export async function readTrusted(kubeconfig: string): Promise<readonly (string | undefined)[]> {
  const all = await Promise.all(configurationPaths.map((path) => askCluster<Configuration>(kubeconfig, path)));
  return all.flatMap(({ webhooks }) => webhooks.map(({ clientConfig }) => clientConfig.caBundle));
}

/** Takes the caBundle away from all entries, as a tool does that puts back what its manifest says. */
export async function wipeTrusted(kubeconfig: string): Promise<void> {
  for (const path of configurationPaths) {
    const { webhooks } = await askCluster<Configuration>(kubeconfig, path);
    const body = {
      webhooks: webhooks.map((entry) => ({ ...entry, clientConfig: { ...entry.clientConfig, caBundle: "" } })),
    };
    await sendToCluster(kubeconfig, { method: "PATCH", path, body });
  }
}

/** Ends the webhook's pods one after the other, the next when the one before is replaced. */
export async function killEachWebhookPod(kubeconfig: string): Promise<void> {
  for (const { metadata } of await listWebhookPods(kubeconfig)) {
    await sendToCluster(kubeconfig, { method: "DELETE", path: `${podsPath}/${metadata.name}?gracePeriodSeconds=0` });
    // Not by the Deployment's word, which may be of before.
    const countReady = async (): Promise<number> => (await listWebhookPods(kubeconfig)).filter(isReady).length;
    await waitFor("the webhook to be whole again", async () => (await countReady()) === 2, 60_000);
  }
}

function isReady({ metadata, status }: PodFacts): boolean {
  const conditions = status?.conditions ?? [];
  const isLeaving = metadata.deletionTimestamp !== undefined;
  return !isLeaving && conditions.some(({ type, status: value }) => type === "Ready" && value === "True");
}

/** Waits until a Deployment has the pods that its template describes now, all Ready, and no others. */
export async function untilRolledOut(kubeconfig: string, namespace: string, name: string): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
  await waitFor(
    `the rollout of ${name}`,
    async () => {
      const { metadata, spec, status } = await askCluster<Rollout>(kubeconfig, path);
      const { observedGeneration, replicas, updatedReplicas, readyReplicas } = status;
      return (
        observedGeneration === metadata.generation &&
        [replicas, updatedReplicas, readyReplicas].every((count) => count === spec.replicas)
      );
    },
    90_000,
  );
}

interface Rollout {
  readonly metadata: { readonly generation: number };
  readonly spec: { readonly replicas: number };
  readonly status: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
  };
}

/** A line of the webhook's log about something that pods come from. */
export interface CheckedLine {
  readonly msg: string;
  readonly kind: string;
  readonly name: string;
}

/** What the webhook's pods were asked about beside pods, so far. */
export async function readChecked(kubeconfig: string): Promise<readonly CheckedLine[]> {
  const logs = await Promise.all(
    (await listWebhookPods(kubeconfig)).map(({ metadata }) =>
      sendToCluster(kubeconfig, { path: `${podsPath}/${metadata.name}/log` }),
    ),
  );
  return logs
    .flatMap((log) => log.split("\n").filter((line) => line !== ""))
    .map((line) => JSON.parse(line) as CheckedLine)
    .filter(({ msg }) => msg === "workload checked");
}
