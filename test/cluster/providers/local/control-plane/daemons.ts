/** Flags of the control plane. It runs on the node, in its namespaces: loopback is the node's own, so no port of the host is taken. */
import { join } from "node:path";
import type { Binaries } from "../binaries/binaries.ts";
import type { Daemon } from "../node/daemons.ts";
import type { Pki } from "../pki/pki.ts";
import type { LocalSettings } from "../settings.ts";
import { toAuditFlags } from "./audit.ts";

const etcdUrl = "http://127.0.0.1:2379";

/** The store. It does not wait for the disk: a test cluster is not kept. */
export function etcd(settings: LocalSettings, { kubeAll }: Binaries): Daemon {
  const flags = {
    "data-dir": join(settings.stateFolder, "etcd"),
    "log-level": "warn",
    "listen-client-urls": etcdUrl,
    "advertise-client-urls": etcdUrl,
    "listen-peer-urls": "http://127.0.0.1:2380",
  };
  return { name: "etcd", command: [kubeAll, "etcd", "--unsafe-no-fsync", ...toFlags(flags)] };
}

/** The API server, with the aggregation layer's certificates, so that extension servers can be tested. */
export function apiServer(settings: LocalSettings, { kubeAll }: Binaries, pki: Pki): Daemon {
  const flags = {
    "etcd-servers": etcdUrl,
    "advertise-address": settings.nodeIp,
    "secure-port": "6443",
    "service-cluster-ip-range": settings.serviceRange,
    "tls-cert-file": pki.apiServer.certificate,
    "tls-private-key-file": pki.apiServer.key,
    "client-ca-file": pki.authority.certificate,
    "kubelet-client-certificate": pki.admin.certificate,
    "kubelet-client-key": pki.admin.key,
    "kubelet-certificate-authority": pki.authority.certificate,
    "kubelet-preferred-address-types": "InternalIP",
    "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
    "service-account-key-file": pki.serviceAccounts.certificate,
    "service-account-signing-key-file": pki.serviceAccounts.key,
    "requestheader-client-ca-file": pki.authority.certificate,
    "requestheader-allowed-names": "front-proxy",
    "requestheader-username-headers": "X-Remote-User",
    "requestheader-group-headers": "X-Remote-Group",
    "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    "proxy-client-cert-file": pki.frontProxy.certificate,
    "proxy-client-key-file": pki.frontProxy.key,
    "authorization-mode": "Node,RBAC",
    "enable-admission-plugins": "NodeRestriction",
    "allow-privileged": "true",
    ...toAuditFlags(settings),
    ...toGateFlags(settings),
  };
  return { name: "apiserver", command: [kubeAll, "apiserver", ...toFlags(flags)] };
}

/**
 * The controllers. They share one identity, because a token for each costs seconds at start; a test of the controllers' own
 * roles would have to turn --use-service-account-credentials on again.
 */
export function controllerManager(settings: LocalSettings, { kubeAll }: Binaries, pki: Pki): Daemon {
  const flags = {
    kubeconfig: pki.controllersKubeconfig,
    "leader-elect": "false",
    "kube-api-qps": "200",
    "kube-api-burst": "400",
    "root-ca-file": pki.authority.certificate,
    "service-account-private-key-file": pki.serviceAccounts.key,
    "cluster-signing-cert-file": pki.authority.certificate,
    "cluster-signing-key-file": pki.authority.key,
    "cluster-cidr": settings.podRange,
    ...toGateFlags(settings),
  };
  return { name: "controller-manager", command: [kubeAll, "controller-manager", ...toFlags(flags)] };
}

/** The scheduler. */
export function scheduler(settings: LocalSettings, { kubeAll }: Binaries, pki: Pki): Daemon {
  const flags = { kubeconfig: pki.schedulerKubeconfig, "leader-elect": "false", ...toGateFlags(settings) };
  return { name: "scheduler", command: [kubeAll, "scheduler", ...toFlags(flags)] };
}

/** The flag of what is switched on or off; a gate has to be the same in all programs that look at it. */
export function toGateFlags({ featureGates }: LocalSettings): Readonly<Record<string, string>> {
  return featureGates === undefined ? {} : { "feature-gates": featureGates };
}

/** Flags as Kubernetes' and etcd's programs both read them. */
export function toFlags(flags: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}
