/** Reads the pods of servers: those with the sidecar, those that should have it, and those that were refused. */
import { keys } from "@outrigger/api/keys";
import type { RawEvent, RawPod } from "@outrigger/kube";
import { injectManifest, selectEntry, type InjectionConfig } from "@outrigger/webhook/inject";
import type { InjectedPod, KeyFault, MissedPod, RefusedPod } from "../facts.ts";
import type { Look } from "../look.ts";
import { listPodFaults } from "../metadata-keys.ts";
import { isOursToTell } from "../refusal.ts";
import { readPlace, readServerPod } from "../server-pod.ts";
import type { Cluster } from "./cluster.ts";
import { isOver } from "./read-installation.ts";
import type { NamespaceMap, SeenNamespace } from "./read-namespaces.ts";
import { kinds } from "./resources.ts";

const has = `${keys.injected.key}=true`;
const lacks = `!${keys.injected.key}`;
const injectKey = keys.inject.key;
const enforceKey = keys.enforce.key;

type Namespaces = readonly string[] | undefined;

/** Namespaces that are listed one by one. */
export const mostLists = 20;

/** A pod with the sidecar, and what is wrong with its labels and annotations. */
export interface SeenPod {
  readonly pod: InjectedPod;
  readonly faults: readonly KeyFault[];
}

/** Pods with the sidecar. `nowMs`: Unix epoch ms. */
export async function readInjected(
  cluster: Cluster,
  namespaces: Namespaces,
  nowMs: number,
): Promise<Look<readonly SeenPod[]>> {
  const pods = await cluster.list({
    resource: kinds.serverPods,
    labelSelector: has,
    ...(namespaces === undefined ? {} : { namespaces }),
    read: (raw): SeenPod | undefined => {
      if (isOver(raw)) return undefined;
      const pod = readServerPod(raw, nowMs);
      return { pod, faults: listPodFaults(pod, { ...raw.metadata }) };
    },
  });
  return pods.ok ? { ok: true, value: pods.value.filter((pod) => pod !== undefined) } : pods;
}

/** Pods that the webhook should have been asked about, and that lack the sidecar. */
export async function readMissed(
  cluster: Cluster,
  namespaces: Namespaces,
  { all, config }: { readonly all: NamespaceMap; readonly config: InjectionConfig },
): Promise<Look<readonly MissedPod[]>> {
  const { resources } = await import("@outrigger/kube");
  const optedIn = [...all].flatMap(([name, { labels }]) =>
    labels[injectKey] === "enabled" || labels[enforceKey] === "required" ? [name] : [],
  );
  const read = (pod: RawPod): MissedPod | undefined => {
    const around = all.get(pod.metadata?.namespace ?? "");
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

/** Asks the webhook's own decision, so that the reason is the one that it would give. */
function explainMissed(pod: RawPod, facts: SeenNamespace, config: InjectionConfig): MissedPod | undefined {
  const place = readPlace(pod);
  const { namespace } = place;
  if (selectEntry(pod.metadata?.labels ?? {}, facts.labels) === undefined) return undefined;
  const whole = { ...pod, apiVersion: "v1", kind: "Pod" };
  const [result] = injectManifest(whole, { namespace, facts, config });
  const admission = result?.admission;
  switch (admission?.action) {
    case "deny": {
      const why = `${admission.problems.map(({ text }) => text).join("; ")} [${admission.reason}]`;
      return { ...place, why, isRefused: true };
    }
    case "inject":
      return { ...place, why: `${explainNotAsked(pod, facts)} [NotInjected]`, isRefused: false };
    case "skip":
    case "pass":
    case undefined:
      return undefined;
  }
}

function explainNotAsked({ metadata = {} }: RawPod, { labelledAtMs = 0 }: SeenNamespace): string {
  const { labels = {}, creationTimestamp = "" } = metadata;
  const isOlder = labels[injectKey] === undefined && Date.parse(creationTimestamp) < labelledAtMs;
  return isOlder
    ? "it is older than the label of its namespace"
    : "no webhook was asked when it was made, or its label came later";
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

function readRefusal(event: RawEvent): RefusedPod | undefined {
  const { note = "", regarding = {} } = event;
  if (!isOursToTell(note)) return undefined;
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
