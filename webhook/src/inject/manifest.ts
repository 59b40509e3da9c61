/**
 * Injects the pods inside manifests: a pod itself, the template of a workload, the items of a list. Same decisions as in a
 * cluster, without one. Pure: takes and returns plain data; who calls it reads and prints files.
 */
import { keys } from "@outrigger/api/keys";
import { admit, type Admission } from "./admission.ts";
import type { InjectionConfig } from "./config.ts";
import type { Operation, Scope, Warning } from "./outcome.ts";
import { toPointer, type Tokens } from "./patch/pointer.ts";
import { isObject, readList, readMember, readObject, readText, type JsonObject } from "./read/json.ts";
import { toOwner, type Owner } from "./read/server-name.ts";
import { selectEntry, type NamespaceFacts } from "./registration.ts";

/** What a manifest does not say about the cluster that it is meant for. */
export interface ManifestOptions {
  /** Namespace of objects that name none. */
  readonly namespace: string;
  /** Labels and annotations of the namespace. */
  readonly facts: NamespaceFacts;
  /** Which entry of the webhook is asked; without it, the one that the labels select. */
  readonly scope?: Scope;
  readonly config: InjectionConfig;
}

/** What happened to one object. `patch` applies to the whole manifest that was given, not to the object alone. */
export interface ManifestResult {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
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

/** Injects one manifest. One result per object, in order; the items of lists count as objects. */
export function injectManifest(manifest: unknown, options: ManifestOptions): ManifestResult[] {
  return findObjects(manifest, []).map(({ object, path }) => injectObject(object, path, options));
}

interface Located {
  readonly object: unknown;
  readonly path: Tokens;
}

function findObjects(value: unknown, path: Tokens): Located[] {
  const isList = (readText(value, "kind") ?? "").endsWith("List") && Array.isArray(readMember(value, "items"));
  if (!isList) return [{ object: value, path }];
  // Lists inside lists exist nowhere in Kubernetes, so one level is enough and a hostile depth is no matter.
  return readList(value, "items").map((object, index) => ({ object, path: [...path, "items", index] }));
}

function injectObject(object: unknown, path: Tokens, options: ManifestOptions): ManifestResult {
  const metadata = readObject(object, "metadata");
  const kind = readText(object, "kind") ?? "";
  const namespace = readText(metadata, "namespace") ?? options.namespace;
  const head = { kind, name: readText(metadata, "name") ?? readText(metadata, "generateName") ?? "", namespace };
  const template = templates.get(`${readText(object, "apiVersion") ?? ""}/${kind}`);
  if (template === undefined)
    return { ...head, admission: { action: "pass", reason: "UnsupportedKind" }, patch: [], warnings: [] };
  const pod = template.reduce<unknown>((value, token) => readMember(value, token), object);
  const admission = admitPod(pod, { ...head, isTemplate: template.length > 0 }, options);
  const patch = admission.action === "inject" ? admission.patch : [];
  return {
    ...head,
    admission,
    patch: patch.map((operation) => prefix(operation, toPointer([...path, ...template]))),
    warnings: [...admission.warnings, ...hintAtTemplate(admission, metadata, template)],
  };
}

function admitPod(
  pod: unknown,
  head: { readonly kind: string; readonly name: string; readonly namespace: string; readonly isTemplate: boolean },
  { facts, scope, config }: ManifestOptions,
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
  // No cluster, so nobody who signs policy: the webhook adds the keys when the manifest gets there.
  return admit(request, { namespace: facts, installation: {} }, config);
}

function prefix(operation: Operation, pointer: string): Operation {
  const path = `${pointer}${operation.path}`;
  return operation.op === "move" ? { ...operation, from: `${pointer}${operation.from}`, path } : { ...operation, path };
}

/** The label on a workload itself selects nothing: it belongs on the template. */
function hintAtTemplate(admission: Admission, metadata: JsonObject, template: readonly string[]): Warning[] {
  const places = [readMember(metadata, "labels"), readMember(metadata, "annotations")];
  const isMisplaced = places.some((place) => isObject(place) && readMember(place, keys.inject.key) !== undefined);
  if (admission.reason !== "NotOptedIn" || template.length === 0 || !isMisplaced) return [];
  const text = `${keys.inject.key} belongs on ${template.join(".")}.metadata.labels`;
  return [{ reason: "UnknownAnnotation", text }];
}
