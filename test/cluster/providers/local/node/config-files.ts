/** Configuration files of the node's programs: container runtime, pod network, kubelet, service proxy. All but the first are JSON. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { nodeCgroup } from "../host/cgroups.ts";
import type { Pki } from "../pki/pki.ts";
import { nodeName, type LocalSettings } from "../settings.ts";
import { nodeFolder } from "./namespaces.ts";

/** Where the files are. */
export interface ConfigFiles {
  readonly containerd: string;
  readonly kubelet: string;
  readonly proxy: string;
}

/** Image that holds a pod's namespaces open. A name without a registry's host would be looked up as docker.io/... by the runtime. */
export const pauseImage = "localhost/pause:1";

const pluginFolder = "/usr/lib/cni";

/** Writes all files. */
export async function writeConfigFiles(settings: LocalSettings, pki: Pki): Promise<ConfigFiles> {
  const files = {
    containerd: nodeFolder(settings, "containerd.toml"),
    kubelet: nodeFolder(settings, "kubelet.json"),
    proxy: nodeFolder(settings, "proxy.json"),
  };
  const resolver = nodeFolder(settings, "resolv.conf");
  const podNetwork = join(nodeFolder(settings, "/etc/cni/net.d"), "10-pods.conflist");
  await mkdir(dirname(podNetwork), { recursive: true });
  await writeFile(files.containerd, containerdConfig);
  await writeFile(podNetwork, JSON.stringify(podNetworkConfig(settings)));
  await writeFile(resolver, ""); // no resolver beyond the cluster's own: no name is asked outside
  await writeFile(files.kubelet, JSON.stringify(kubeletConfig(settings, pki, resolver)));
  await writeFile(files.proxy, JSON.stringify(proxyConfig(settings, pki)));
  return files;
}

// The root of some machines may not lower an OOM score; every pod's sandbox then fails with "can't get final child's PID from pipe",
// and only runc's own log says why. Hence restrict_oom_score_adj.
const containerdConfig = `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${pluginFolder}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
`;

function podNetworkConfig(settings: LocalSettings): object {
  const ipam = {
    type: "host-local",
    ranges: [[{ subnet: settings.podRange }]],
    routes: [{ dst: "0.0.0.0/0" }],
  };
  const bridge = { type: "bridge", bridge: "cni0", isGateway: true, hairpinMode: true, ipMasq: false, ipam };
  return {
    cniVersion: "0.4.0",
    name: "pods",
    plugins: [bridge, { type: "portmap", capabilities: { portMappings: true } }],
  };
}

function kubeletConfig(settings: LocalSettings, pki: Pki, resolver: string): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pki.authority.certificate },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: pki.node.certificate,
    tlsPrivateKeyFile: pki.node.key,
    cgroupDriver: "cgroupfs",
    cgroupRoot: nodeCgroup(settings),
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    // A developer's disk is often nearly full; a test must not lose its pods or images to that.
    evictionHard: {
      "memory.available": "50Mi",
      "nodefs.available": "0%",
      "nodefs.inodesFree": "0%",
      "imagefs.available": "0%",
    },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    clusterDomain: "cluster.local",
    clusterDNS: [settings.dnsIp],
    resolvConf: resolver,
    syncFrequency: settings.syncFrequency,
    configMapAndSecretChangeDetectionStrategy: "Watch",
    serializeImagePulls: false,
    maxPods: 110,
    shutdownGracePeriod: "0s",
    registerNode: true,
  };
}

function proxyConfig(settings: LocalSettings, pki: Pki): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    clientConnection: { kubeconfig: pki.proxyKubeconfig },
    hostnameOverride: nodeName,
    mode: settings.proxyMode,
    clusterCIDR: settings.podRange,
    iptables: { minSyncPeriod: "100ms" },
    nftables: { minSyncPeriod: "100ms" },
    // These would be sysctls of the whole machine: left alone.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
  };
}
