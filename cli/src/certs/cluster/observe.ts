/** Looks at everything that is said of certificates. Decides nothing; reads no private key, and of the Secret no content at all. */
import { authorityObject, registrationObject } from "@outrigger/api/cluster-objects";
import { authorityPhases } from "@outrigger/certs/facts";
import type { Cluster } from "../../check/cluster/cluster.ts";
import type { ClusterChoice } from "../../check/cluster/kubectl.ts";
import { readLease, readPrograms } from "../../check/cluster/read-installation.ts";
import type { Release } from "../../check/facts.ts";
import { mapLook, type Look } from "../../check/look.ts";
import type { CertsFacts, ConfigurationFacts, PhaseFacts } from "../facts.ts";
import { readConfigurations } from "./read-configurations.ts";
import { readReplicas } from "./read-replicas.ts";

/** What is looked at, and how. `onStart` gets the ways to end what was opened. */
export interface Observing {
  readonly cluster: Cluster;
  readonly choice: ClusterChoice;
  readonly release: Release;
  readonly isInside: boolean;
  readonly nowMs: number;
  readonly onStart: (close: () => void) => void;
}

/** Looks. Never rejects. */
export async function observeCerts(observing: Observing): Promise<CertsFacts> {
  const { cluster, release, nowMs } = observing;
  const [programs, configurations] = await Promise.all([
    readPrograms(cluster, release),
    readConfigurations(cluster, release),
  ]);
  const name = hostOf(configurations) ?? `${release.name}-webhook.${release.namespace}.svc`;
  const hasOperator = programs.ok && programs.value.some(({ component }) => component === "operator");
  const [replicas, phase, lease] = await Promise.all([
    readReplicas({ ...observing, name }),
    isOfOwn(configurations) ? readPhase(cluster, release) : undefined,
    hasOperator ? readLease(cluster, release) : undefined,
  ]);
  return { nowMs, release, programs, configurations, replicas, phase, lease };
}

function hostOf(configurations: Look<readonly ConfigurationFacts[]>): string | undefined {
  return configurations.ok ? configurations.value[0]?.host : undefined;
}

/** Where nobody is named, the operator is meant. */
function isOfOwn(configurations: Look<readonly ConfigurationFacts[]>): boolean {
  const sources = configurations.ok ? configurations.value.map(({ source }) => source) : [undefined];
  return sources.some((source) => source === undefined || source === registrationObject.self);
}

async function readPhase(cluster: Cluster, { namespace, name }: Release): Promise<Look<PhaseFacts>> {
  const { resources } = await import("@outrigger/kube");
  const secret = await cluster.metadata({ resource: resources.secrets, namespace, name: `${name}-webhook-ca` });
  return mapLook(secret, ({ metadata }) => {
    const annotations = metadata?.annotations ?? {};
    const sinceMs = Date.parse(annotations[authorityObject.phaseSince] ?? "");
    return {
      phase: authorityPhases.find((each) => each === annotations[authorityObject.phase]),
      sinceMs: Number.isNaN(sinceMs) ? undefined : sinceMs,
    };
  });
}
