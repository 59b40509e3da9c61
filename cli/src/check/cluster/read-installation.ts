/** Reads the objects of the installation itself: programs, their pods, the webhook configuration, the Lease, what is injected. */
import { admissionEntrySuffix } from "@outrigger/api/cluster-objects";
import type { RawConfigMap, RawContainer, RawLease, RawPod } from "@outrigger/kube";
import { parseInjectionConfig, type InjectionConfig } from "@outrigger/webhook/inject";
import type { EntryFacts, LeaseFacts, NodeFacts, ProgramFacts, ProgramPod, Release } from "../facts.ts";
import type { Look } from "../look.ts";
import type { Cluster } from "./cluster.ts";
import { chartLabels, kinds, partOfOutrigger, type RawConfiguration, type RawDeployment } from "./resources.ts";

const programs = ["webhook", "aggregator", "operator"];

/** The Deployments of the installation. */
export function readPrograms(cluster: Cluster, release: Release): Promise<Look<readonly ProgramFacts[]>> {
  return cluster.list({
    resource: kinds.deployments,
    namespaces: [release.namespace],
    labelSelector: selectOf(release),
    read: ({ metadata = {}, spec, status }: RawDeployment) => ({
      ...readLabels(metadata.labels),
      name: metadata.name ?? "",
      wanted: spec?.replicas ?? 1,
      ready: status?.readyReplicas ?? 0,
      ...readTemplate(spec?.template?.spec),
    }),
  });
}

type TemplateSpec = NonNullable<NonNullable<RawDeployment["spec"]>["template"]>["spec"];

function readTemplate(spec: TemplateSpec = {}): Pick<ProgramFacts, "account" | "variables"> {
  const { serviceAccountName = "default", containers = [] } = spec;
  return { account: serviceAccountName, variables: readVariables(containers[0]) };
}

function readVariables(container: RawContainer | undefined): Readonly<Record<string, string>> {
  const set = container?.env ?? [];
  return Object.fromEntries(set.flatMap(({ name, value }) => (name === undefined ? [] : [[name, value ?? ""]])));
}

/** The running pods of its programs. */
export async function readProgramPods(cluster: Cluster, release: Release): Promise<Look<readonly ProgramPod[]>> {
  const { resources } = await import("@outrigger/kube");
  const pods = await cluster.list({
    resource: resources.pods,
    namespaces: [release.namespace],
    labelSelector: selectOf(release),
    read: (pod) => (isOver(pod) ? undefined : readProgramPod(pod)),
  });
  if (!pods.ok) return pods;
  return {
    ok: true,
    value: pods.value.filter((pod) => pod !== undefined && programs.includes(pod.component)) as ProgramPod[],
  };
}

function readProgramPod({ metadata = {}, spec }: RawPod): ProgramPod {
  return { ...readLabels(metadata.labels), name: metadata.name ?? "", image: spec?.containers?.[0]?.image ?? "" };
}

/** A pod that has ended or is about to. */
export function isOver({ metadata, status }: RawPod): boolean {
  return metadata?.deletionTimestamp !== undefined || status?.phase === "Succeeded" || status?.phase === "Failed";
}

function readLabels(labels: Readonly<Record<string, string>> = {}): {
  readonly component: string;
  readonly version: string;
} {
  return { component: labels[chartLabels.component] ?? "", version: labels[chartLabels.version] ?? "" };
}

const selectOf = ({ instance }: Release): string =>
  instance === "" ? partOfOutrigger : `${partOfOutrigger},${chartLabels.instance}=${instance}`;

/** The nodes. */
export function readNodes(cluster: Cluster): Promise<Look<readonly NodeFacts[]>> {
  return cluster.list({
    resource: kinds.nodes,
    read: ({ metadata, status }) => ({
      name: metadata?.name ?? "",
      kubelet: status?.nodeInfo?.kubeletVersion ?? "unknown",
    }),
  });
}

/** The entries of the webhook configuration that lead to this installation. */
export async function readEntries(cluster: Cluster, release: Release): Promise<Look<readonly EntryFacts[]>> {
  const found = await cluster.list({
    resource: kinds.configurations,
    read: (configuration) => listEntries(configuration, release),
  });
  return found.ok ? { ok: true, value: found.value.flat() } : found;
}

function listEntries({ webhooks = [] }: RawConfiguration, { namespace }: Release): readonly EntryFacts[] {
  return webhooks
    .filter(
      ({ name, clientConfig }) =>
        name?.endsWith(admissionEntrySuffix) === true && clientConfig?.service?.namespace === namespace,
    )
    .map(({ name = "", failurePolicy = "Fail", clientConfig }) => ({
      name,
      failurePolicy,
      caBundle: Buffer.from(clientConfig?.caBundle ?? "", "base64").toString("utf8"),
    }));
}

/** The Lease of the operator. */
export async function readLease(cluster: Cluster, { namespace, name }: Release): Promise<Look<LeaseFacts>> {
  const { resources } = await import("@outrigger/kube");
  const found = await cluster.get<RawLease>({ resource: resources.leases, namespace, name: `${name}-operator` });
  if (!found.ok) return found;
  const { holderIdentity = "", renewTime = "", leaseDurationSeconds = 0 } = found.value.spec ?? {};
  const renewedMs = Date.parse(renewTime);
  return {
    ok: true,
    value: {
      name: `${name}-operator`,
      holder: holderIdentity,
      renewedMs: Number.isNaN(renewedMs) ? 0 : renewedMs,
      holdsMs: leaseDurationSeconds * 1_000,
    },
  };
}

/** What the webhook decides by: its configuration file, out of its ConfigMap. */
export async function readInjectionConfig(
  cluster: Cluster,
  { namespace, name }: Release,
): Promise<Look<InjectionConfig>> {
  const { resources } = await import("@outrigger/kube");
  const place = { resource: resources.configMaps, namespace, name: `${name}-webhook` };
  const found = await cluster.get<RawConfigMap>(place);
  if (!found.ok) return found;
  try {
    const read = parseInjectionConfig(JSON.parse(found.value.data?.["injection.json"] ?? ""));
    if (read.ok) return { ok: true, value: read.config };
    return { ok: false, why: `configmap ${name}-webhook: injection.json has values of another version` };
  } catch {
    // Not JSON: somebody has changed it by hand.
    return { ok: false, why: `configmap ${name}-webhook has no injection.json that can be read` };
  }
}
