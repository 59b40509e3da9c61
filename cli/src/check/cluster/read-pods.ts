/** Reads the pods of servers: those with the sidecar, those that should have it, and those that were refused. */
import { admissionEntrySuffix } from "@outrigger/api/cluster-objects";
import { readEnforced } from "@outrigger/api/enforced";
import { keys } from "@outrigger/api/keys";
import type { RawContainer, RawEvent, RawPod } from "@outrigger/kube";
import {
  injectManifest,
  selectEntry,
  sidecarName,
  type InjectionConfig,
  type NamespaceFacts,
} from "@outrigger/webhook/inject";
import type { InjectedPod, MissedPod, RefusedPod } from "../facts.ts";
import type { Look } from "../look.ts";
import type { Cluster } from "./cluster.ts";
import { isOver } from "./read-installation.ts";

const has = `${keys.injected.key}=true`;
const lacks = `!${keys.injected.key}`;
const injectKey = keys.inject.key;
const enforceKey = keys.enforce.key;

type Namespaces = readonly string[] | undefined;

/** Namespaces that are listed one by one. */
const mostLists = 20;

/** Pods with the sidecar. */
export async function readInjected(cluster: Cluster, namespaces: Namespaces): Promise<Look<readonly InjectedPod[]>> {
  const { resources } = await import("@outrigger/kube");
  const pods = await cluster.list({
    resource: resources.pods,
    labelSelector: has,
    ...(namespaces === undefined ? {} : { namespaces }),
    read: (pod) => (isOver(pod) ? undefined : readInjectedPod(pod)),
  });
  return pods.ok ? { ok: true, value: pods.value.filter((pod) => pod !== undefined) } : pods;
}

function readInjectedPod({ metadata = {}, spec }: RawPod): InjectedPod {
  const { name = "", namespace = "", labels = {}, annotations = {} } = metadata;
  return {
    namespace,
    name,
    server: labels[keys.server.key] ?? name,
    image: findSidecar(spec)?.image ?? "none",
    version: readVersion(annotations[keys.status.key]),
    enforced: readEnforced(annotations[keys.enforced.key]),
    denied: readDenied(annotations[keys.denyTools.key]),
  };
}

function findSidecar(spec: RawPod["spec"]): RawContainer | undefined {
  return spec?.initContainers?.find(({ name }) => name === sidecarName);
}

/** Names that stand for themselves; a glob names no tool that could be asked for. */
function readDenied(text = ""): readonly string[] {
  const words = text.split(",").map((word) => word.trim());
  return words.filter((word) => /^[A-Za-z0-9_.-]+$/.test(word));
}

function readVersion(status: string | undefined): string {
  try {
    // Our own annotation, but a pod's author may have changed it.
    const { version } = (JSON.parse(status ?? "") ?? {}) as { version?: unknown };
    return typeof version === "string" ? version : "unknown";
  } catch {
    return "unknown";
  }
}

/** Pods that the webhook should have been asked about, and that lack the sidecar. */
export async function readMissed(
  cluster: Cluster,
  namespaces: Namespaces,
  config: InjectionConfig,
): Promise<Look<readonly MissedPod[]>> {
  const { resources } = await import("@outrigger/kube");
  const facts = await readNamespaces(cluster, namespaces);
  if (!facts.ok) return facts;
  const optedIn = [...facts.value].flatMap(([name, { labels }]) =>
    labels[injectKey] === "enabled" || labels[enforceKey] === "required" ? [name] : [],
  );
  const read = (pod: RawPod): MissedPod | undefined => {
    const around = facts.value.get(pod.metadata?.namespace ?? "");
    return isOver(pod) || around === undefined ? undefined : explainMissed(pod, around, config);
  };
  const pods = { resource: resources.pods, read } as const;
  const scope = namespaces === undefined ? {} : { namespaces };
  const asking = await cluster.list({ ...pods, ...scope, labelSelector: `${lacks},${injectKey}` });
  // Beyond a handful, one list of everything is less than a list for each; what is too much is left out by `read`.
  const isFew = namespaces !== undefined || optedIn.length <= mostLists;
  const within =
    optedIn.length === 0
      ? ({ ok: true, value: [] } as const)
      : await cluster.list({
          ...pods,
          ...(isFew ? { namespaces: optedIn } : {}),
          labelSelector: `${lacks},!${injectKey}`,
        });
  if (!asking.ok) return asking;
  if (!within.ok) return within;
  const found = [...asking.value, ...within.value].filter((pod) => pod !== undefined);
  return { ok: true, value: found };
}

async function readNamespaces(
  cluster: Cluster,
  namespaces: Namespaces,
): Promise<Look<ReadonlyMap<string, NamespaceFacts>>> {
  const { resources } = await import("@outrigger/kube");
  const read = ({ metadata = {} }: RawPod): readonly [string, NamespaceFacts] => [
    metadata.name ?? "",
    { labels: metadata.labels ?? {}, annotations: metadata.annotations ?? {} },
  ];
  if (namespaces === undefined) {
    const all = await cluster.list({ resource: resources.namespaces, read });
    return all.ok ? { ok: true, value: new Map(all.value) } : all;
  }
  const named = new Map<string, NamespaceFacts>();
  for (const name of namespaces) {
    const one = await cluster.get({ resource: resources.namespaces, name });
    if (!one.ok) return one;
    named.set(...read(one.value));
  }
  return { ok: true, value: named };
}

/** Asks the webhook's own decision, so that the reason is the one that it would give. */
function explainMissed(pod: RawPod, facts: NamespaceFacts, config: InjectionConfig): MissedPod | undefined {
  const { name = "", namespace = "", labels = {} } = pod.metadata ?? {};
  if (selectEntry(labels, facts.labels) === undefined) return undefined;
  const whole = { ...pod, apiVersion: "v1", kind: "Pod" };
  const [result] = injectManifest(whole, { namespace, facts, config });
  const admission = result?.admission;
  switch (admission?.action) {
    case "deny":
      return { namespace, name, why: `${admission.problems.map(({ text }) => text).join("; ")} [${admission.reason}]` };
    case "inject":
      return {
        namespace,
        name,
        why: "it is older than its label, or no webhook answered when it was made [NotInjected]",
      };
    case "skip":
    case "pass":
    case undefined:
      return undefined;
  }
}

/** Controllers that could not make a pod because of the webhook, one line for each, the latest word of each. */
export async function readRefused(cluster: Cluster, namespaces: Namespaces): Promise<Look<readonly RefusedPod[]>> {
  const { resources } = await import("@outrigger/kube");
  const events = await cluster.list({
    resource: resources.events,
    fieldSelector: "reason=FailedCreate",
    ...(namespaces === undefined ? {} : { namespaces }),
    read: readRefusal,
  });
  if (!events.ok) return events;
  const told = events.value.filter((event) => event !== undefined).sort((a, b) => a.atMs - b.atMs);
  return { ok: true, value: [...new Map(told.map((each) => [`${each.namespace}/${each.controller}`, each])).values()] };
}

const isOurs = new RegExp(`webhook "[a-z0-9.-]*${admissionEntrySuffix.replaceAll(".", "\\.")}"`);

function readRefusal(event: RawEvent): RefusedPod | undefined {
  const { note = "", regarding = {} } = event;
  if (!isOurs.test(note)) return undefined;
  const { kind = "controller", name = "", namespace = "" } = regarding;
  return {
    namespace,
    controller: `${kind} ${name}`,
    note: note.replace(/^Error creating: /, ""),
    atMs: Date.parse(readTime(event)) || 0,
  };
}

/** Of the last repeat. Controllers write either the old or the new times. */
function readTime({ series, deprecatedLastTimestamp, eventTime, metadata }: RawEvent): string {
  return series?.lastObservedTime ?? deprecatedLastTimestamp ?? eventTime ?? metadata?.creationTimestamp ?? "";
}
