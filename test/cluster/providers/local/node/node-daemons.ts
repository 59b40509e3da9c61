/** Flags of the programs that make a node: container runtime, kubelet, service proxy, network policy. */
import type { Binaries } from "../binaries/binaries.ts";
import { toFlags, toGateFlags } from "../control-plane/daemons.ts";
import type { Pki } from "../pki/pki.ts";
import { nodeName, type LocalSettings } from "../settings.ts";
import type { ConfigFiles } from "./config-files.ts";
import type { Daemon } from "./daemons.ts";

/** Debian's containerd. */
export function containerRuntime(files: ConfigFiles): Daemon {
  return { name: "containerd", command: ["containerd", "--config", files.containerd] };
}

/** The kubelet. It refuses to set labels of kubernetes.io on its own node, so none are given. */
export function kubelet(settings: LocalSettings, { kubeAll }: Binaries, { files, pki }: NodeParts): Daemon {
  const flags = {
    config: files.kubelet,
    kubeconfig: pki.nodeKubeconfig,
    "hostname-override": nodeName,
    "node-ip": settings.nodeIp,
    ...toGateFlags(settings),
  };
  return { name: "kubelet", command: [kubeAll, "kubelet", ...toFlags(flags)] };
}

/** kube-proxy. It looks its node up once at start and backs off for long when that is not there yet: start it later. */
export function serviceProxy({ kubeAll }: Binaries, files: ConfigFiles): Daemon {
  return { name: "proxy", command: [kubeAll, "proxy", ...toFlags({ config: files.proxy })] };
}

/** kube-router's network policy controller, without its router and its proxy. */
export function networkPolicy(settings: LocalSettings, { kubeAll }: Binaries, pki: Pki): Daemon {
  const flags = { kubeconfig: pki.adminKubeconfig, "service-cidr": settings.serviceRange };
  return { name: "netpol", command: [kubeAll, "netpol", ...toFlags(flags)], env: { NODE_NAME: nodeName } };
}

/** What was written for the node. */
export interface NodeParts {
  readonly files: ConfigFiles;
  readonly pki: Pki;
}
