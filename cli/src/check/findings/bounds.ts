/**
 * Whether the sidecar fits into what the LimitRanges and ResourceQuotas of its namespace allow, as the API server would judge it after
 * the webhook, and which annotations mend it. Pure. Source: Kubernetes admission plugins LimitRanger and ResourceQuota.
 */
import { keys } from "@outrigger/api/keys";
import { readQuantity } from "@outrigger/webhook/inject";
import type { Amounts, ContainerResources, LimitItem, PodResources, QuotaFacts } from "../facts.ts";
import { fit, isWithin, type Bounds } from "./fit.ts";

/** Something that does not fit: a clause, and the annotations that mend it; none where only more room helps. */
export interface Misfit {
  readonly text: string;
  readonly mends: Readonly<Record<string, string>>;
}

type Resource = "cpu" | "memory";
type Which = "requests" | "limits";
const resources: readonly Resource[] = ["cpu", "memory"];

const annotationOf = {
  cpu: { requests: keys.sidecarCpuRequest.key, limits: keys.sidecarCpuLimit.key },
  memory: { requests: keys.sidecarMemoryRequest.key, limits: keys.sidecarMemoryLimit.key },
} as const satisfies Record<Resource, Record<Which, string>>;

/** What LimitRanges have against it. */
export function findLimitMisfits({ sidecar, others }: PodResources, items: readonly LimitItem[]): readonly Misfit[] {
  const ofContainers = items.filter(({ type }) => type === "Container");
  const filled = fill(sidecar, ofContainers);
  const all = [filled, ...others.map((other) => fill(other, ofContainers))];
  return resources.flatMap((resource) => [
    ...checkContainer(filled, ofContainers, resource),
    ...items.filter(({ type }) => type === "Pod").flatMap((item) => checkPod(all, item, resource)),
  ]);
}

/** What LimitRanger fills in where nothing is said: a maximum without a default is one. */
function fill({ requests, limits }: ContainerResources, items: readonly LimitItem[]): ContainerResources {
  const usual: Amounts = Object.fromEntries(
    items.flatMap((item) => [...Object.entries(item.max), ...Object.entries(item.default)]),
  );
  const filled = { ...usual, ...limits };
  return { limits: filled, requests: { ...filled, ...requests } };
}

function checkContainer(
  { requests, limits }: ContainerResources,
  items: readonly LimitItem[],
  resource: Resource,
): readonly Misfit[] {
  const [request, limit] = [requests[resource], limits[resource]];
  const given = {
    request: request === undefined ? undefined : String(request),
    limit: limit === undefined ? undefined : String(limit),
  };
  const broken = items.filter((item) => !isWithin(given, toBounds(item, resource), resource));
  if (broken.length === 0) return [];
  const mended = fit(
    given,
    items.map((item) => toBounds(item, resource)),
    resource,
  );
  const which = { requests: [given.request, mended.request], limits: [given.limit, mended.limit] } as const;
  const mends = (["requests", "limits"] as const).flatMap((each) => {
    const [before, after] = which[each];
    return after === undefined || after === before ? [] : [[annotationOf[resource][each], after] as const];
  });
  const asks = `the sidecar's ${resource} (request ${given.request ?? "none"}, limit ${given.limit ?? "none"})`;
  return broken.map((item) => ({
    text: `${asks} does not fit ${item.object}: ${describeBounds(toBounds(item, resource))}`,
    mends: Object.fromEntries(mends),
  }));
}

function toBounds({ min, max, ratio }: LimitItem, resource: Resource): Bounds {
  const read = (amounts: Amounts): string | undefined =>
    amounts[resource] === undefined ? undefined : String(amounts[resource]);
  return { least: read(min), most: read(max), ratio: read(ratio) };
}

function describeBounds({ least, most, ratio }: Bounds): string {
  return [
    ...(least === undefined ? [] : [`at least ${least}`]),
    ...(most === undefined ? [] : [`at most ${most}`]),
    ...(ratio === undefined ? [] : [`limit at most ${ratio} times the request`]),
  ].join(", ");
}

/** Of the sum of a pod only the upper bound can be broken by one container more. */
function checkPod(containers: readonly ContainerResources[], item: LimitItem, resource: Resource): readonly Misfit[] {
  const most = readQuantity(item.max[resource]);
  const total = (which: Which): number =>
    containers.reduce((sum, container) => sum + (readQuantity(container[which][resource]) ?? 0), 0);
  if (most === undefined || (total("limits") <= most && total("requests") <= most)) return [];
  const bound = `at most ${String(item.max[resource])} for a whole pod`;
  return [{ text: `the pod with the sidecar has more ${resource} than ${item.object} allows: ${bound}`, mends: {} }];
}

/** Names in quotas. A resource alone means its requests. */
const counted: readonly (readonly [name: string, resource: Resource, which: Which])[] = [
  ["cpu", "cpu", "requests"],
  ["requests.cpu", "cpu", "requests"],
  ["limits.cpu", "cpu", "limits"],
  ["memory", "memory", "requests"],
  ["requests.memory", "memory", "requests"],
  ["limits.memory", "memory", "limits"],
];

/** A limit with which the sidecar starts within a second. */
const enoughCpu = "200m";

/** What a quota has against one more sidecar. `limits` are the namespace's, whose defaults it counts. */
export function findQuotaMisfits(
  { sidecar }: PodResources,
  { hard, used, object }: QuotaFacts,
  limits: readonly LimitItem[],
): readonly Misfit[] {
  const container = fill(
    sidecar,
    limits.filter(({ type }) => type === "Container"),
  );
  return counted.flatMap(([name, resource, which]): readonly Misfit[] => {
    const most = readQuantity(hard[name]);
    if (most === undefined) return [];
    const amount = container[which][resource];
    if (amount === undefined) {
      const text = `${object} counts ${name}, and the sidecar has none, so its pods are refused`;
      return [{ text, mends: { [annotationOf[resource][which]]: enoughCpu } }];
    }
    const taken = used[name] ?? 0;
    if ((readQuantity(amount) ?? 0) <= most - (readQuantity(taken) ?? 0)) return [];
    const room = `${String(taken)} of ${String(hard[name])} ${name} are used`;
    return [{ text: `${object} has no room for one more sidecar of ${amount}: ${room}`, mends: {} }];
  });
}
