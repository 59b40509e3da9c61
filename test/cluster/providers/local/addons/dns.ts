/** Brings cluster DNS: CoreDNS as a pod. Its binary is mounted from the node, so it needs no image of its own. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { askCluster } from "../../../ask-cluster.ts";
import { run } from "../../../run.ts";
import type { Binaries } from "../binaries/binaries.ts";
import { pauseImage } from "../node/config-files.ts";
import type { LocalSettings } from "../settings.ts";

/** Applies the manifests. */
export async function applyDns(settings: LocalSettings, binaries: Binaries): Promise<void> {
  const values: Readonly<Record<string, string>> = {
    DNS_IP: settings.dnsIp,
    SERVER_IP: settings.nodeIp,
    BINARIES: binaries.folder,
    IMAGE: pauseImage,
  };
  const template = await readFile(join(import.meta.dirname, "dns.yaml"), "utf8");
  const manifests = template.replaceAll(/@([A-Z_]+)@/g, (_mark, name: string) => values[name] ?? "");
  await run([binaries.kubeAll, "kubectl", "--kubeconfig", settings.kubeconfig, "apply", "-f", "-"], {
    input: manifests,
  });
}

interface Deployment {
  readonly status?: { readonly availableReplicas?: number };
}

/** Whether DNS answers: its pod is ready only when it has read the cluster's Services. */
export async function isDnsAvailable(settings: LocalSettings): Promise<boolean> {
  const path = "/apis/apps/v1/namespaces/kube-system/deployments/coredns";
  return ((await askCluster<Deployment>(settings.kubeconfig, path)).status?.availableReplicas ?? 0) > 0;
}
