/** Reads the namespaces in which servers are looked at: what the webhook goes by, and when their label was last written. */
import { keys } from "@outrigger/api/keys";
import type { RawObject } from "@outrigger/kube";
import { isObject, type NamespaceFacts } from "@outrigger/webhook/inject";
import type { Look } from "../look.ts";
import type { Cluster } from "./cluster.ts";

/** A namespace. `labelledAtMs`: when whoever set its label last changed it, Unix epoch ms; absent where nobody is known. */
export interface SeenNamespace extends NamespaceFacts {
  readonly labelledAtMs?: number;
}

/** Namespaces by name. */
export type NamespaceMap = ReadonlyMap<string, SeenNamespace>;

/** Reads them: those that are named, else all. */
export async function readNamespaces(
  cluster: Cluster,
  namespaces: readonly string[] | undefined,
): Promise<Look<NamespaceMap>> {
  const { resources } = await import("@outrigger/kube");
  if (namespaces === undefined) {
    const all = await cluster.list({ resource: resources.namespaces, read });
    return all.ok ? { ok: true, value: new Map(all.value) } : all;
  }
  const named = new Map<string, SeenNamespace>();
  for (const name of namespaces) {
    const one = await cluster.get({ resource: resources.namespaces, name });
    if (!one.ok) return one;
    named.set(...read(one.value));
  }
  return { ok: true, value: named };
}

function read({ metadata = {} }: RawObject): readonly [string, SeenNamespace] {
  const { name = "", labels = {}, annotations = {}, managedFields } = metadata;
  const labelledAtMs = findLabelTime(managedFields ?? []);
  return [name, { labels, annotations, ...(labelledAtMs === undefined ? {} : { labelledAtMs }) }];
}

const labelField = `f:${keys.inject.key}`;

/** Source: Kubernetes server-side apply, managedFields. */
function findLabelTime(managers: readonly unknown[]): number | undefined {
  for (const manager of managers) {
    if (!isObject(manager) || !JSON.stringify(manager["fieldsV1"] ?? {}).includes(JSON.stringify(labelField))) continue;
    const atMs = Date.parse(String(manager["time"]));
    if (!Number.isNaN(atMs)) return atMs;
  }
  return undefined;
}
