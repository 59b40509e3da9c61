/** What is there now of an object: its pods, whether they carry the sidecar, what a new one would change, and whether it would fit. */
import { readEnforced } from "@outrigger/api/enforced";
import { keys } from "@outrigger/api/keys";
import type { RawObject } from "@outrigger/kube";
import {
  hashConfig,
  isObject,
  parseObject,
  readList,
  readMember,
  readObject,
  readText,
  sidecarName,
} from "@outrigger/webhook/inject";
import type { Cluster } from "../../check/cluster/cluster.ts";
import { isOver } from "../../check/cluster/read-installation.ts";
import { findLimitMisfits, findQuotaMisfits, type Misfit } from "../../check/findings/bounds.ts";
import type { Look } from "../../check/look.ts";
import { explain } from "../explain.ts";
import type { Explanation, NowFacts, PodNow } from "../explanation.ts";
import { findSidecar, readResources } from "../injection-facts.ts";
import type { Subject } from "../read-subjects.ts";
import { asAdmitted } from "./as-admitted.ts";
import type { Setting } from "./read-setting.ts";

/** What is looked at. */
export interface NowQuestion {
  readonly cluster: Cluster;
  readonly subject: Subject;
  readonly setting: Setting;
  readonly explanation: Explanation;
}

/** Looks. Never rejects. */
export async function readNow({ cluster, subject, setting, explanation }: NowQuestion): Promise<NowFacts> {
  const pods = await readPods(cluster, subject);
  const { config, release, bounds, notes } = setting;
  return {
    ...(release === undefined ? {} : { installed: { version: config.version, configHash: hashConfig(config) } }),
    ...(pods.ok ? { pods: pods.value.map((pod) => describePod(pod, subject.namespace, setting)) } : {}),
    misfits: bounds.ok ? findMisfits(subject, explanation, bounds.value) : [],
    notes: [...notes, ...(pods.ok ? [] : [`${pods.why}: its pods can't be told`])],
  };
}

/** The pod itself, or those that a workload's selector names. A CronJob has none: its Jobs have. */
async function readPods(cluster: Cluster, { kind, object, namespace }: Subject): Promise<Look<readonly unknown[]>> {
  if (kind === "Pod") return { ok: true, value: [object] };
  const labelSelector = writeSelector(readMember(readObject(object, "spec"), "selector"));
  if (labelSelector === "") return { ok: true, value: [] };
  const { resources } = await import("@outrigger/kube");
  const read = (pod: RawObject): unknown => (isOver(pod) ? undefined : pod);
  const pods = await cluster.list({ resource: resources.pods, namespaces: [namespace], labelSelector, read });
  return pods.ok ? { ok: true, value: pods.value.filter((pod) => pod !== undefined) } : pods;
}

/** A selector as a query takes it. A ReplicationController's is a plain map of labels. */
function writeSelector(selector: unknown): string {
  const isPlain =
    readMember(selector, "matchLabels") === undefined && readMember(selector, "matchExpressions") === undefined;
  const labels = isPlain ? selector : readObject(selector, "matchLabels");
  const equal = isObject(labels) ? Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`) : [];
  const terms = readList(selector, "matchExpressions").map((term) => {
    const key = readText(term, "key") ?? "";
    const values = readList(term, "values").map(String).join(",");
    const operators: Readonly<Record<string, string>> = {
      In: `${key} in (${values})`,
      NotIn: `${key} notin (${values})`,
      Exists: key,
      DoesNotExist: `!${key}`,
    };
    return operators[readText(term, "operator") ?? ""] ?? key;
  });
  return [...equal, ...terms].join(",");
}

function describePod(pod: unknown, namespace: string, setting: Setting): PodNow {
  const metadata = readObject(pod, "metadata");
  const annotations = readObject(metadata, "annotations");
  const name = readText(metadata, "name") ?? "";
  const sidecar = findSidecar(pod);
  const status = parseObject(readText(annotations, keys.status.key));
  const enforced = readEnforced(readText(annotations, keys.enforced.key));
  return {
    name,
    sidecar: sidecar !== undefined,
    ready: isSidecarReady(pod),
    ...optional("image", readText(sidecar, "image")),
    ...optional("version", readText(status, "version")),
    ...optional("configHash", readText(status, "configHash")),
    ...(enforced === undefined ? {} : { enforced }),
    ...judgeRestart(pod, { name, namespace }, setting),
  };
}

const optional = <K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> =>
  // A computed key widens to any string; it is the one that was given.
  value === undefined ? {} : ({ [key]: value } as Partial<Record<K, string>>);

function isSidecarReady(pod: unknown): boolean {
  const status = readObject(pod, "status");
  const all = [...readList(status, "initContainerStatuses"), ...readList(status, "containerStatuses")];
  return all.some((each) => readText(each, "name") === sidecarName && readMember(each, "ready") === true);
}

/** The webhook's own decision on the pod as it is. Without the keys that sign policy every pod would look different. */
function judgeRestart(
  pod: unknown,
  { name, namespace }: { readonly name: string; readonly namespace: string },
  { facts, config, isConfigKnown, installation }: Setting,
): Pick<PodNow, "atRestart" | "changes"> {
  if (installation === undefined || !isConfigKnown) return { atRestart: "unknown", changes: [] };
  const admitted = asAdmitted(pod);
  const object = { ...(isObject(admitted) ? admitted : {}), apiVersion: "v1", kind: "Pod" };
  const subject = { kind: "Pod", name, namespace, object, template: [] };
  const { decision, injection } = explain(subject, { facts, config, installation, services: [] });
  return {
    atRestart: decision.reason,
    changes: decision.reason === "Reinjected" ? [...(injection?.adds ?? []), ...(injection?.changes ?? [])] : [],
  };
}

function findMisfits(
  { object, template = [] }: Subject,
  { injection }: Explanation,
  {
    limits,
    quotas,
  }: {
    readonly limits: Parameters<typeof findLimitMisfits>[1];
    readonly quotas: readonly Parameters<typeof findQuotaMisfits>[1][];
  },
): readonly Misfit[] {
  if (injection === undefined) return [];
  const pod = template.reduce<unknown>((value, key) => readMember(value, key), object);
  const spec = readObject(pod, "spec");
  const beside = readList(spec, "initContainers").filter((each) => readText(each, "restartPolicy") === "Always");
  const others = [...readList(spec, "containers"), ...beside].filter((each) => readText(each, "name") !== sidecarName);
  const resources = { sidecar: injection.resources, others: others.map(readResources) };
  return [
    ...findLimitMisfits(resources, limits),
    ...quotas.flatMap((quota) => findQuotaMisfits(resources, quota, limits)),
  ];
}
