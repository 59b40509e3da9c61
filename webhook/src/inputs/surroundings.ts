/** Opens what is known of namespaces and signed policy: by watch of a cluster, from a file, or the same for all. */
import { openClusterAccess, type ClusterAccess, type ClusterPlace } from "@outrigger/kube";
import type { HealthCheck } from "@outrigger/runtime/health";
import { openCluster } from "../cluster/cluster.ts";
import type { ClusterContext } from "../cluster/context.ts";
import { openFile } from "./file.ts";
import type { InputReports, Opened, Values } from "./inputs.ts";
import { unsignedInstallation, type InstallationSource } from "../server/installation.ts";
import {
  createListedNamespaces,
  createStaticNamespaces,
  parseNamespaceList,
  type NamespaceSource,
} from "../server/namespaces.ts";

/** What was opened; `context` is there where a cluster is watched, for whatever else is. */
export interface OpenSurroundings {
  readonly namespaces: NamespaceSource;
  readonly installation: InstallationSource;
  readonly checks: Readonly<Record<string, HealthCheck>>;
  readonly context?: ClusterContext;
}

/** Opens one of the three. A cluster that does not answer is no problem here: readiness waits for it. */
export async function openSurroundings(
  values: Values,
  ownNamespace: string,
  reports: InputReports,
): Promise<Opened<OpenSurroundings>> {
  const { kube, namespaces, namespaceAnnotations } = values;
  const given = [kube, namespaces, namespaceAnnotations].filter((value) => value !== undefined);
  if (given.length > 1)
    return { ok: false, problem: "--kube, --namespaces and --namespace-annotations exclude each other" };
  if (kube !== undefined) return openKube({ ...values, kube }, ownNamespace, reports);
  const opened = openNamespaces(values, reports);
  if (!opened.ok) return opened;
  return { ...opened, value: { namespaces: opened.value, installation: unsignedInstallation, checks: {} } };
}

async function openKube(
  { kube, trust }: Values & { readonly kube: ClusterPlace },
  ownNamespace: string,
  reports: InputReports,
): Promise<Opened<OpenSurroundings>> {
  let access: ClusterAccess;
  try {
    access = await openClusterAccess(kube);
  } catch (error) {
    return { ok: false, problem: `--kube: ${error instanceof Error ? error.message : String(error)}` };
  }
  const context: ClusterContext = {
    access,
    ownNamespace,
    onFailure: reports.onWatchFailure,
    onRefused: reports.onReload,
    onFault: reports.onFault,
  };
  const { close, ...cluster } = openCluster(context, trust);
  const closeAll = async (): Promise<void> => {
    await close();
    await access.close();
  };
  return { ok: true, value: { ...cluster, context }, close: closeAll };
}

function openNamespaces(values: Values, { onReload }: InputReports): Opened<NamespaceSource> {
  const { namespaces: path, namespaceAnnotations, pollMs } = values;
  if (path === undefined) {
    const facts = namespaceAnnotations ?? { labels: {}, annotations: {} };
    return { ok: true, value: createStaticNamespaces(facts), close: () => undefined };
  }
  const opened = openFile({ path, parse: parseNamespaceList, pollMs, subject: "namespaces" }, onReload);
  return opened.ok ? { ...opened, value: createListedNamespaces(opened.value) } : opened;
}
