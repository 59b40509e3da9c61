/**
 * Injects the pods inside manifests, and takes injection out again: a pod itself, the template of a workload, the items of a list. Same decisions as in a
 * cluster, without one. Pure: takes and returns plain data; who calls it reads and prints files.
 */
import { keys } from "@outrigger/api/keys";
import { admit, type Admission } from "./admission.ts";
import type { InjectionConfig } from "./config.ts";
import type { InstallationState } from "./installation.ts";
import type { Operation, Scope, Warning } from "./outcome.ts";
import { toPointer, type Tokens } from "./patch/pointer.ts";
import { readList, readMember, readObject, readText, type JsonObject } from "./read/json.ts";
import { warnOfIdleTemplate, warnOfWorkload } from "./read/places.ts";
import { toOwner, type Owner } from "./read/server-name.ts";
import { selectEntry, type NamespaceFacts } from "./registration.ts";
import { uninject } from "./undo/uninject.ts";

/** What a manifest does not say about the cluster that it is meant for. */
export interface ManifestOptions {
  /** Namespace of objects that name none. */
  readonly namespace: string;
  /** Labels and annotations of the namespace. */
  readonly facts: NamespaceFacts;
  /** Which entry of the webhook is asked; without it, the one that the labels select. */
  readonly scope?: Scope;
  readonly config: InjectionConfig;
  /** Who signs policy there; absent outside a cluster: the webhook adds the keys when the manifest gets there. */
  readonly installation?: InstallationState;
}

/** What happened to one object. `patch` applies to the whole manifest that was given, not to the object alone. */
export interface ManifestResult extends Head {
  readonly admission: Admission | { readonly action: "pass"; readonly reason: "UnsupportedKind" };
  readonly patch: readonly Operation[];
  readonly warnings: readonly Warning[];
}

/** Where kinds keep their pod template, by apiVersion and kind. */
const templates: ReadonlyMap<string, readonly string[]> = new Map([
  ["v1/Pod", []],
  ["v1/ReplicationController", ["spec", "template"]],
  ["apps/v1/Deployment", ["spec", "template"]],
  ["apps/v1/StatefulSet", ["spec", "template"]],
  ["apps/v1/DaemonSet", ["spec", "template"]],
  ["apps/v1/ReplicaSet", ["spec", "template"]],
  ["batch/v1/Job", ["spec", "template"]],
  ["batch/v1/CronJob", ["spec", "jobTemplate", "spec", "template"]],
]);

/** The steps from an object to its pod or pod template; undefined where its kind holds none. */
export function findTemplate(object: unknown): readonly string[] | undefined {
  return templates.get(`${readText(object, "apiVersion") ?? ""}/${readText(object, "kind") ?? ""}`);
}

/** Injects one manifest. One result per object, in order; the items of lists count as objects. */
export function injectManifest(manifest: unknown, options: ManifestOptions): ManifestResult[] {
  return findObjects(manifest, []).map(({ object, path }) => injectObject(object, path, options));
}

/** What became of one object on the way back. `patch` applies to the whole manifest that was given. */
export interface UninjectResult extends Head {
  readonly reason: "Uninjected" | "NothingInjected" | "UnsupportedKind";
  readonly patch: readonly Operation[];
  /** True where the pod's label asks for a sidecar still: where Outrigger is installed, one comes back. */
  readonly isOptedIn: boolean;
}

/** Takes injection out of one manifest again. One result per object, as {@link injectManifest}. */
export function uninjectManifest(manifest: unknown, namespace: string): UninjectResult[] {
  return findObjects(manifest, []).map(({ object, path }) => {
    const head = readHead(object, namespace);
    const template = findTemplate(object);
    if (template === undefined) return { ...head, reason: "UnsupportedKind", patch: [], isOptedIn: false };
    const pod = template.reduce<unknown>((value, token) => readMember(value, token), object);
    const patch = uninject(pod).map((operation) => prefix(operation, toPointer([...path, ...template])));
    const label = readText(readObject(readMember(pod, "metadata"), "labels"), keys.inject.key);
    return {
      ...head,
      reason: patch.length === 0 ? "NothingInjected" : "Uninjected",
      patch,
      isOptedIn: label === "enabled",
    };
  });
}

interface Located {
  readonly object: unknown;
  readonly path: Tokens;
}

/** By which an object is named. */
interface Head {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

function readHead(object: unknown, namespace: string): Head {
  const metadata = readObject(object, "metadata");
  return {
    kind: readText(object, "kind") ?? "",
    name: readText(metadata, "name") ?? readText(metadata, "generateName") ?? "",
    namespace: readText(metadata, "namespace") ?? namespace,
  };
}

function findObjects(value: unknown, path: Tokens): Located[] {
  const isList = (readText(value, "kind") ?? "").endsWith("List") && Array.isArray(readMember(value, "items"));
  if (!isList) return [{ object: value, path }];
  // Lists inside lists exist nowhere in Kubernetes, so one level is enough and a hostile depth is no matter.
  return readList(value, "items").map((object, index) => ({ object, path: [...path, "items", index] }));
}

function injectObject(object: unknown, path: Tokens, options: ManifestOptions): ManifestResult {
  const metadata = readObject(object, "metadata");
  const head = readHead(object, options.namespace);
  const { kind } = head;
  const template = findTemplate(object);
  if (template === undefined)
    return { ...head, admission: { action: "pass", reason: "UnsupportedKind" }, patch: [], warnings: [] };
  const pod = template.reduce<unknown>((value, token) => readMember(value, token), object);
  const admission = admitPod(pod, { ...head, isTemplate: template.length > 0 }, options);
  const patch = admission.action === "inject" ? admission.patch : [];
  return {
    ...head,
    admission,
    patch: patch.map((operation) => prefix(operation, toPointer([...path, ...template]))),
    warnings: [...admission.warnings, ...warnOfPlaces(admission, { kind, metadata }, { pod, template })],
  };
}

function admitPod(
  pod: unknown,
  head: { readonly kind: string; readonly name: string; readonly namespace: string; readonly isTemplate: boolean },
  { facts, scope, config, installation = {} }: ManifestOptions,
): Admission {
  const labels = readObject(readMember(pod, "metadata"), "labels");
  const owner: Owner | undefined = head.isTemplate
    ? toOwner(head.kind, head.name.replace(/-$/, ""), labels)
    : undefined;
  const request = {
    scope: scope ?? selectEntry(labels, facts.labels)?.scope ?? "pod",
    operation: "CREATE",
    kind: { group: "", version: "v1", kind: "Pod" },
    subResource: "",
    namespace: head.namespace,
    userGroups: [],
    pod,
    ...(owner === undefined ? {} : { owner }),
  };
  return admit(request, { namespace: facts, installation }, config);
}

function prefix(operation: Operation, pointer: string): Operation {
  const path = `${pointer}${operation.path}`;
  return operation.op === "move" ? { ...operation, from: `${pointer}${operation.from}`, path } : { ...operation, path };
}

/** Keys of ours that select nothing where they stand. */
function warnOfPlaces(
  admission: Admission,
  workload: { readonly kind: string; readonly metadata: JsonObject },
  { pod, template }: { readonly pod: unknown; readonly template: readonly string[] },
): Warning[] {
  if (template.length === 0) return [];
  const described = readObject(pod, "metadata");
  const misplaced = warnOfWorkload(workload, { pod: described, path: template });
  return admission.reason === "NotOptedIn" && misplaced.length === 0
    ? warnOfIdleTemplate(described, template)
    : misplaced;
}
