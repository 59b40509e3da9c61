/** The whole check, in its order: find the installation -> observe -> judge, and with `deep` -> try the endpoint -> judge. */
import type { Endpoint } from "../endpoint.ts";
import type { Cluster, ServerVersion } from "./cluster/cluster.ts";
import { findReleases } from "./cluster/find-release.ts";
import type { ClusterChoice } from "./cluster/kubectl.ts";
import { observe } from "./cluster/observe.ts";
import { createReach, type Reach } from "./cluster/reach.ts";
import { readNodes } from "./cluster/read-installation.ts";
import { judgeDeep } from "./deep/judge.ts";
import { tryEndpoint } from "./deep/try-endpoint.ts";
import type { Facts, Release } from "./facts.ts";
import { areas, createFinding, type Finding } from "./finding.ts";
import { judgeAnnotations } from "./findings/annotations.ts";
import { judgeLimits } from "./findings/limits.ts";
import { judgePermissions } from "./findings/permissions.ts";
import { judgeKubernetes, judgeNodes } from "./findings/platform.ts";
import { judgePods } from "./findings/pods.ts";
import { judgePrograms } from "./findings/programs.ts";
import { judgeServers } from "./findings/servers.ts";
import { judgeServices } from "./findings/services.ts";
import { judgeWebhook } from "./findings/webhook.ts";
import { judgeLook } from "./look.ts";

/** What is checked. `namespace`: the installation's; `namespaces`: limits the check to pods in these. */
export interface CheckOptions {
  readonly cluster: Cluster;
  readonly choice: ClusterChoice;
  readonly server: ServerVersion;
  readonly namespace: string | undefined;
  readonly namespaces: readonly string[] | undefined;
  readonly endpoint: Endpoint | undefined;
  readonly credentials: NonNullable<Endpoint["credentials"]>;
  readonly isInside: boolean;
  readonly isDeep: boolean;
  readonly clientVersion: string;
  /** Gets the way to end what was opened, for the case that the process ends first. */
  readonly onOpen: (close: () => void) => void;
}

/** What was found; several installations are a choice that the user has to make. */
export type Checked =
  | { readonly ok: true; readonly release: Release | undefined; readonly findings: readonly Finding[] }
  | { readonly ok: false; readonly namespaces: readonly string[] };

/** Checks. Never rejects. */
export async function check(options: CheckOptions): Promise<Checked> {
  const { cluster, namespace, namespaces, server } = options;
  const found = await findReleases(cluster, namespace);
  if (found.ok && found.value.length > 1) return { ok: false, namespaces: found.value.map((each) => each.namespace) };
  const [release] = found.ok ? found.value : [];
  const platform = [
    ...judgeKubernetes(server.gitVersion),
    ...(namespaces === undefined ? judgeLook("nodes", await readNodes(cluster), judgeNodes) : []),
  ];
  if (release === undefined) {
    const missing = judgeLook("installation", found, () => [tellMissing(namespace)]);
    return { ok: true, release, findings: [...missing, ...platform] };
  }
  const findings = [...platform, ...(await checkRelease(release, options))];
  return { ok: true, release, findings: findings.sort((a, b) => areas.indexOf(a.area) - areas.indexOf(b.area)) };
}

function tellMissing(namespace: string | undefined): Finding {
  const place = namespace === undefined ? "in this cluster" : `in namespace ${namespace}`;
  const next = "helm install outrigger charts/outrigger --namespace outrigger-system --create-namespace";
  return createFinding("installation", "problem", { message: `no installation of Outrigger ${place}`, next });
}

async function checkRelease(release: Release, options: CheckOptions): Promise<readonly Finding[]> {
  const { cluster, choice, isInside, endpoint, credentials, namespaces, server, onOpen } = options;
  const reach = createReach({ cluster, choice, release, isInside, endpoint, credentials });
  onOpen(() => reach.close());
  try {
    const facts = await observe({ cluster, reach, release, namespaces, nowMs: server.nowMs });
    const deep = options.isDeep ? await checkDeep(reach, facts, options.clientVersion) : [];
    return [
      ...judgeWebhook(facts),
      ...judgePrograms(facts),
      ...judgePermissions(facts),
      ...judgePods(facts),
      ...judgeAnnotations(facts),
      ...judgeLimits(facts),
      ...judgeServices(facts),
      ...judgeLook("servers", facts.known, (known) => judgeServers(known, facts)),
      ...deep,
    ];
  } finally {
    reach.close();
  }
}

async function checkDeep(reach: Reach, facts: Facts, clientVersion: string): Promise<readonly Finding[]> {
  const endpoint = await reach.aggregator();
  if (!endpoint.ok) return judgeLook("connection", endpoint, () => []);
  // Nobody is named, and the aggregator asks: said once, of the servers.
  if (!facts.known.ok && facts.known.next !== undefined) return [];
  const servers = facts.known.ok ? facts.known.value.servers : [];
  const injected = facts.injected.ok ? facts.injected.value : [];
  return judgeDeep(await tryEndpoint({ endpoint: endpoint.value, clientVersion, servers, injected }));
}
