/** Looks at everything that the check judges, in parallel. Decides nothing. */
import { keys } from "@outrigger/api/keys";
import type { InjectionConfig, NamespaceFacts } from "@outrigger/webhook/inject";
import { listServers } from "../../rest.ts";
import type { EntryFacts, Facts, KnownServers, PodPlace, Release, ServedCertificate, WorkloadFacts } from "../facts.ts";
import { mapLook, type Look } from "../look.ts";
import { listNamespaceFaults } from "../metadata-keys.ts";
import { readServedCertificate, type CertificatePlace } from "./certificate.ts";
import type { Cluster } from "./cluster.ts";
import { readEntries, readInjectionConfig, readLease, readProgramPods, readPrograms } from "./read-installation.ts";
import { readBounds, readServices } from "./read-around.ts";
import { readNamespaces, type NamespaceMap } from "./read-namespaces.ts";
import { readInjected, readMissed, readRefused, type SeenPod } from "./read-pods.ts";
import { readWorkloads } from "./read-workloads.ts";
import type { Reach } from "./reach.ts";
import { reviewRights } from "./review-rights.ts";

/** What is looked at. With `namespaces`, only in these, and at nothing that belongs to no namespace. */
export interface Observing {
  readonly cluster: Cluster;
  readonly reach: Reach;
  readonly release: Release;
  readonly namespaces: readonly string[] | undefined;
  readonly nowMs: number;
}

/** Looks. Never rejects. */
export async function observe(observing: Observing): Promise<Facts> {
  const { cluster, reach, release, namespaces, nowMs } = observing;
  const [installed, pods, refused, known, trust] = await Promise.all([
    observeInstallation(observing),
    observePods(observing),
    readRefused(cluster, namespaces),
    readServers(reach),
    namespaces === undefined ? observeTrust(cluster, reach, release) : {},
  ]);
  return { nowMs, release, ...installed, ...pods, refused, known, ...trust };
}

type Installed = Pick<Facts, "programs" | "programPods" | "lease" | "rights">;

async function observeInstallation({ cluster, release, namespaces }: Observing): Promise<Installed> {
  const programs = readPrograms(cluster, release);
  const [found, programPods, lease, rights] = await Promise.all([
    programs,
    readProgramPods(cluster, release),
    readLease(cluster, release),
    programs.then((all) => reviewRights(cluster, { release, found: all, namespaces })),
  ]);
  return { programs: found, programPods, lease, rights };
}

type OfPods = Pick<
  Facts,
  "sidecar" | "injected" | "missed" | "workloads" | "keyFaults" | "services" | "bounds" | "optedIn"
>;

/** Pods of servers, what makes them, and what stands around them. */
async function observePods({ cluster, release, namespaces, nowMs }: Observing): Promise<OfPods> {
  const [config, all, seen] = await Promise.all([
    readInjectionConfig(cluster, release),
    readNamespaces(cluster, namespaces),
    readInjected(cluster, namespaces, nowMs),
  ]);
  const injected = mapLook(seen, (pods) => pods.map(({ pod }) => pod));
  const given = both(config, all);
  const [missed, workloads] = given.ok
    ? await Promise.all([readMissed(cluster, namespaces, given.value), readWorkloads(cluster, namespaces, given.value)])
    : [given, given];
  const around = { namespaces: listServed(injected, workloads), isLimited: namespaces !== undefined };
  const [services, bounds] = await Promise.all([readServices(cluster, around), readBounds(cluster, around)]);
  return {
    sidecar: mapLook(config, ({ image, version }) => ({ image, version })),
    injected,
    missed,
    workloads,
    keyFaults: listFaults(all, seen, workloads),
    services,
    bounds,
    optedIn: mapLook(all, listOptedIn),
  };
}

interface Given {
  readonly config: InjectionConfig;
  readonly all: NamespaceMap;
}

function both(config: Look<InjectionConfig>, all: Look<NamespaceMap>): Look<Given> {
  if (!config.ok) return config;
  return all.ok ? { ok: true, value: { config: config.value, all: all.value } } : all;
}

/** Namespaces with servers, or with workloads that will have some. */
function listServed(injected: Facts["injected"], workloads: Facts["workloads"]): readonly string[] {
  const pods = injected.ok ? injected.value : [];
  const asked = workloads.ok ? workloads.value.filter(({ opting }) => opting === "asked") : [];
  return [...new Set([...pods, ...asked].map(({ namespace }) => namespace))].sort();
}

function listOptedIn(all: NamespaceMap): readonly string[] {
  const isIn = ({ labels }: NamespaceFacts): boolean =>
    labels[keys.inject.key] === "enabled" || labels[keys.enforce.key] === "required";
  return [...all].filter(([, facts]) => isIn(facts)).map(([name]) => name);
}

/** Keys on namespaces, and on pods. What a pod has from the template of its workload is told once, of the workload. */
function listFaults(
  all: Look<NamespaceMap>,
  seen: Look<readonly SeenPod[]>,
  workloads: Facts["workloads"],
): Facts["keyFaults"] {
  if (!all.ok) return all;
  if (!seen.ok) return seen;
  const ofNamespaces = [...all.value].flatMap(([name, facts]) => listNamespaceFaults(name, { ...facts }));
  const told = new Set((workloads.ok ? workloads.value : []).flatMap(listTold));
  const ofPods = seen.value.flatMap(({ pod, faults }) => faults.filter(({ text }) => !told.has(spellTold(pod, text))));
  return { ok: true, value: [...ofNamespaces, ...ofPods] };
}

const listTold = ({ namespace, kind, name, faults }: WorkloadFacts): readonly string[] =>
  faults.map(({ text }) => spellTold({ namespace, owner: { kind, name } }, text));

const spellTold = ({ namespace, owner }: Pick<PodPlace, "namespace" | "owner">, text: string): string =>
  [namespace, owner?.kind, owner?.name, text].join("/");

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
  const { base, credentials } = endpoint.value;
  const answer = await listServers(endpoint.value);
  if (answer.ok) return { ok: true, value: { servers: answer.servers, faults: answer.faults } };
  const isUnnamed = answer.why === "unauthorized" && Object.keys((await credentials?.()) ?? {}).length === 0;
  return isUnnamed
    ? { ok: false, why: `the aggregator at ${base} asks who calls`, next: "outrigger check --token-file FILE" }
    : { ok: false, why: `the aggregator at ${base}: ${answer.message}` };
}
