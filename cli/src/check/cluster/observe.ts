/** Looks at everything that the check judges, in parallel. Decides nothing. */
import type { InjectionConfig } from "@outrigger/webhook/inject";
import { listServers } from "../../rest.ts";
import type { EntryFacts, Facts, KnownServers, Release, ServedCertificate } from "../facts.ts";
import { mapLook, type Look } from "../look.ts";
import { readServedCertificate, type CertificatePlace } from "./certificate.ts";
import type { Cluster } from "./cluster.ts";
import { readEntries, readInjectionConfig, readLease, readProgramPods, readPrograms } from "./read-installation.ts";
import { readInjected, readMissed, readRefused } from "./read-pods.ts";
import type { Reach } from "./reach.ts";

/** What is looked at. With `namespaces`, only in these, and at nothing that belongs to no namespace. */
export interface Observing {
  readonly cluster: Cluster;
  readonly reach: Reach;
  readonly release: Release;
  readonly namespaces: readonly string[] | undefined;
  readonly nowMs: number;
}

/** Looks. Never rejects. */
export async function observe({ cluster, reach, release, namespaces, nowMs }: Observing): Promise<Facts> {
  const config = readInjectionConfig(cluster, release);
  const [programs, programPods, lease, injected, refused, known, seenConfig, missed, trust] = await Promise.all([
    readPrograms(cluster, release),
    readProgramPods(cluster, release),
    readLease(cluster, release),
    readInjected(cluster, namespaces),
    readRefused(cluster, namespaces),
    readServers(reach),
    config,
    config.then((seen) => findMissed(cluster, namespaces, seen)),
    namespaces === undefined ? observeTrust(cluster, reach, release) : {},
  ]);
  const sidecar = mapLook(seenConfig, ({ image, version }) => ({ image, version }));
  return { nowMs, release, programs, programPods, lease, injected, missed, refused, known, sidecar, ...trust };
}

async function findMissed(
  cluster: Cluster,
  namespaces: readonly string[] | undefined,
  config: Look<InjectionConfig>,
): Promise<Facts["missed"]> {
  return config.ok ? readMissed(cluster, namespaces, config.value) : config;
}

/** The webhook configuration, and the certificate that it must trust. */
async function observeTrust(
  cluster: Cluster,
  reach: Reach,
  release: Release,
): Promise<{ readonly entries: Look<readonly EntryFacts[]>; readonly certificate?: Look<ServedCertificate> }> {
  const entries = await readEntries(cluster, release);
  if (!entries.ok) return { entries };
  const bundles = new Set(entries.value.map(({ caBundle }) => caBundle).filter((bundle) => bundle !== ""));
  // Nobody is trusted, which is a finding of its own.
  if (bundles.size === 0) return { entries };
  const address = await reach.webhook();
  if (!address.ok) return { entries, certificate: address };
  const name = `${release.name}-webhook.${release.namespace}.svc`;
  return { entries, certificate: await readWorstCertificate({ ...address.value, name }, [...bundles]) };
}

/** The certificate by each bundle: as soon as one does not trust it, API servers do not. */
async function readWorstCertificate(
  place: Omit<CertificatePlace, "trusted">,
  [first = "", ...more]: readonly string[],
): Promise<Look<ServedCertificate>> {
  const served = await readServedCertificate({ ...place, trusted: first });
  const isGood = served.ok && served.value.trusted;
  return isGood && more.length > 0 ? readWorstCertificate(place, more) : served;
}

async function readServers(reach: Reach): Promise<Look<KnownServers>> {
  const endpoint = await reach.aggregator();
  if (!endpoint.ok) return endpoint;
  const answer = await listServers(endpoint.value);
  return answer.ok
    ? { ok: true, value: { servers: answer.servers, faults: answer.faults } }
    : { ok: false, why: `the aggregator at ${endpoint.value.base}: ${answer.message}` };
}
