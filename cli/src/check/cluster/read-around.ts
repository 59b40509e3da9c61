/** Reads what stands around servers in their namespaces: Services, and what bounds their containers. */
import type { RawObject } from "@outrigger/kube";
import type { LimitItem, NamespaceBounds, QuotaFacts, ServiceFacts } from "../facts.ts";
import type { Look } from "../look.ts";
import type { Cluster, Listed } from "./cluster.ts";
import { mostLists } from "./read-pods.ts";
import { kinds, type RawLimitRange, type RawQuota, type RawService } from "./resources.ts";

/** Lists in some namespaces only; beyond a handful, one list of everything is less, and the rest is left out. */
async function listWithin<O extends RawObject, T extends { readonly namespace: string }>(
  cluster: Cluster,
  namespaces: readonly string[],
  wanted: Omit<Listed<O, T>, "namespaces"> & { readonly isLimited: boolean },
): Promise<Look<readonly T[]>> {
  const { isLimited, ...listed } = wanted;
  if (namespaces.length === 0) return { ok: true, value: [] };
  if (isLimited || namespaces.length <= mostLists) return cluster.list({ ...listed, namespaces });
  const all = await cluster.list(listed);
  return all.ok ? { ok: true, value: all.value.filter(({ namespace }) => namespaces.includes(namespace)) } : all;
}

/** Which namespaces, and whether the user wants to be asked for no others. */
export interface Around {
  readonly namespaces: readonly string[];
  readonly isLimited: boolean;
}

/** The Services. */
export async function readServices(
  cluster: Cluster,
  { namespaces, isLimited }: Around,
): Promise<Look<readonly ServiceFacts[]>> {
  return listWithin(cluster, namespaces, { resource: kinds.services, isLimited, read: readService });
}

function readService({ metadata = {}, spec = {} }: RawService): ServiceFacts {
  const { name = "", namespace = "" } = metadata;
  return {
    namespace,
    name,
    isHeadless: spec.clusterIP === "None",
    selector: spec.selector ?? {},
    ports: (spec.ports ?? []).map(({ port = 0, targetPort = port, protocol = "TCP" }) => ({
      port,
      target: targetPort,
      isTcp: protocol === "TCP",
    })),
  };
}

/** LimitRanges and ResourceQuotas, by namespace. */
export async function readBounds(
  cluster: Cluster,
  { namespaces, isLimited }: Around,
): Promise<Look<readonly NamespaceBounds[]>> {
  const [limits, quotas] = await Promise.all([
    listWithin(cluster, namespaces, { resource: kinds.limitRanges, isLimited, read: readLimitRange }),
    listWithin(cluster, namespaces, { resource: kinds.quotas, isLimited, read: readQuota }),
  ]);
  if (!limits.ok) return limits;
  if (!quotas.ok) return quotas;
  const of = <T extends { readonly namespace: string }>(list: readonly T[], namespace: string): readonly T[] =>
    list.filter((each) => each.namespace === namespace);
  return {
    ok: true,
    value: namespaces.map((namespace) => ({
      namespace,
      limits: of(limits.value, namespace).flatMap(({ items }) => items),
      quotas: of(quotas.value, namespace).flatMap(({ quota }) => (quota === undefined ? [] : [quota])),
    })),
  };
}

function readLimitRange({ metadata = {}, spec = {} }: RawLimitRange): {
  readonly namespace: string;
  readonly items: readonly LimitItem[];
} {
  const { name = "", namespace = "" } = metadata;
  const items = (spec.limits ?? []).map((item) => ({
    object: `LimitRange ${name}`,
    type: item.type ?? "",
    min: item.min ?? {},
    max: item.max ?? {},
    default: item.default ?? {},
    ratio: item.maxLimitRequestRatio ?? {},
  }));
  return { namespace, items };
}

/** Scopes of pods like ours; a quota that is for others counts none of them. */
const ourScopes = ["NotBestEffort", "NotTerminating"];

function readQuota({ metadata = {}, spec = {}, status = {} }: RawQuota): {
  readonly namespace: string;
  readonly quota: QuotaFacts | undefined;
} {
  const { name = "", namespace = "" } = metadata;
  const quota = { object: `ResourceQuota ${name}`, hard: spec.hard ?? {}, used: status.used ?? {} };
  return { namespace, quota: isOfOthers(spec) ? undefined : quota };
}

function isOfOthers({ scopeSelector, scopes = [] }: NonNullable<RawQuota["spec"]>): boolean {
  return scopeSelector !== undefined || scopes.some((scope) => !ourScopes.includes(scope));
}
