/** Everything that the webhook knows of its cluster, opened and closed together: nothing here is asked while a pod waits. */
import { isChainTrusted, splitPem, type CertificateSource } from "@outrigger/certs";
import { createObjects, type ObjectWatch } from "@outrigger/kube";
import type { HealthCheck } from "@outrigger/runtime/health";
import type { InstallationSource } from "../server/installation.ts";
import type { NamespaceSource } from "../server/namespaces.ts";
import { watchAuthority } from "./authority.ts";
import type { ClusterContext, WatchSubject } from "./context.ts";
import { watchInstallation } from "./installation.ts";
import { createLeafKeeper } from "./leaf.ts";
import { watchNamespaces } from "./namespaces.ts";
import { watchRegistration } from "./registration.ts";

/** What the certificate is made with, where it comes from the cluster's Secret. Times in ms. */
export interface ClusterCertificateOptions {
  readonly secretName: string;
  readonly configurationName: string;
  readonly names: readonly string[];
  readonly authorityLifetimeMs: number;
  readonly leafLifetimeMs: number;
  readonly checkMs: number;
  readonly onProblem: (problem: string) => void;
  /** Told whether the API server trusts the certificate that is served, whenever that may have changed. */
  readonly onTrust: (trust: "trusted" | "untrusted") => void;
}

/** The cluster as the webhook sees it. */
export interface Cluster {
  readonly namespaces: NamespaceSource;
  readonly installation: InstallationSource;
  /** Checks of readiness, by name. */
  readonly checks: Readonly<Record<string, HealthCheck>>;
  readonly close: () => Promise<void>;
}

type Synced = readonly (readonly [subject: WatchSubject, watch: Pick<ObjectWatch<unknown>, "isSynced" | "stop">])[];

/** Watches namespaces, keys and policy. `trustName` is the ConfigMap with the public keys. */
export function openCluster(context: ClusterContext, trustName: string): Cluster {
  const namespaces = watchNamespaces(context);
  const installation = watchInstallation(context, trustName, namespaces.keep);
  const watches: Synced = [
    ["namespaces", namespaces],
    ["trust", installation.trust],
    ["bundles", installation.bundles],
  ];
  return {
    namespaces: namespaces.source,
    installation: installation.source,
    checks: {
      caches: () => findUnread(watches),
      trustKeys: () => (installation.hasTrustKeys() ? undefined : `ConfigMap ${trustName} holds no keys yet`),
    },
    close: () => stopAll(watches),
  };
}

/** A certificate from the cluster: the source comes once there is a first one. */
export interface ClusterCertificates {
  readonly first: Promise<CertificateSource>;
  readonly checks: Readonly<Record<string, HealthCheck>>;
  readonly close: () => Promise<void>;
}

/** Watches the authority and who trusts it, and keeps a certificate. */
export function openClusterCertificates(
  context: ClusterContext,
  options: ClusterCertificateOptions,
): ClusterCertificates {
  const nowMs = (): number => Date.now();
  const tellTrust = (): void => options.onTrust(findTrustProblem() === undefined ? "trusted" : "untrusted");
  const onChange = (): void => {
    leaf.reconsider();
    tellTrust();
  };
  const registration = watchRegistration(context, options.configurationName, onChange);
  const authority = watchAuthority({
    context,
    objects: createObjects(context.access),
    secretName: options.secretName,
    lifetimeMs: options.authorityLifetimeMs,
    nowMs,
    onChange,
    // Until the entries were read, nobody knows whom they trust.
    trustedNow: () => (registration.isSynced() ? registration.trusted() : undefined),
  });
  const leaf = createLeafKeeper({
    ...options,
    findAuthority: authority.find,
    isTrusted: (pem) => findProblem(pem) === undefined,
    lifetimeMs: options.leafLifetimeMs,
    nowMs,
    random: Math.random,
    onServed: tellTrust,
  });
  const findProblem = (authorityPem: string): string | undefined => {
    const [wanted = ""] = splitPem(authorityPem);
    return registration.findProblem((trusted) => trusted.includes(wanted));
  };
  const findTrustProblem = (): string | undefined => {
    const pem = leaf.authorityPem();
    return pem === undefined ? "there is no certificate yet" : findProblem(pem);
  };
  const watches: Synced = [
    ["authority", authority],
    ["registration", registration],
  ];
  return {
    first: leaf.first,
    checks: { certificateCaches: () => findUnread(watches), caBundle: findTrustProblem },
    close: () => {
      leaf.close();
      return stopAll(watches);
    },
  };
}

/** Whether API servers trust a certificate that somebody else makes. */
export type WatchedTrust = Pick<ClusterCertificates, "checks" | "close">;

/** Watches who trusts the certificates of a source. */
export function openGivenTrust(
  context: ClusterContext,
  source: CertificateSource,
  { configurationName, onTrust }: Pick<ClusterCertificateOptions, "configurationName" | "onTrust">,
): WatchedTrust {
  const findProblem = (): string | undefined =>
    registration.findProblem((trusted) => isChainTrusted(source.current().certificatePem, trusted));
  const registration = watchRegistration(context, configurationName, () =>
    onTrust(findProblem() === undefined ? "trusted" : "untrusted"),
  );
  const watches: Synced = [["registration", registration]];
  return {
    checks: { certificateCaches: () => findUnread(watches), caBundle: findProblem },
    close: () => stopAll(watches),
  };
}

function findUnread(watches: Synced): string | undefined {
  const unread = watches.filter(([, watch]) => !watch.isSynced()).map(([subject]) => subject);
  return unread.length === 0 ? undefined : `not read from the API server yet: ${unread.join(", ")}`;
}

async function stopAll(watches: Synced): Promise<void> {
  await Promise.all(watches.map(([, watch]) => watch.stop()));
}
