/**
 * Finds what is to be explained in the documents of a manifest: objects, items of lists, requests of admission reviews; and what they
 * say of each other's surroundings: Namespaces and Services. Pure.
 */
import {
  findTemplate,
  isObject,
  readList,
  readMember,
  readObject,
  readText,
  type JsonObject,
  type NamespaceFacts,
} from "@outrigger/webhook/inject";
import type { ReviewFacts } from "./explanation.ts";

/** One object. `template`: the steps to its pod, undefined where its kind holds none; `review`: where it came in a request. */
export interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly object: unknown;
  readonly template: readonly string[] | undefined;
  readonly review?: ReviewFacts & { readonly groupVersionKind: GroupVersionKind };
}

/** A kind as a request names it. */
interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** Everything that was found. Namespaces are keyed by name. */
export interface Found {
  readonly subjects: readonly Subject[];
  readonly namespaces: ReadonlyMap<string, NamespaceFacts>;
  readonly services: readonly unknown[];
}

/** What was found, or what is wrong with an admission review. */
export type ReadSubjects =
  ({ readonly ok: true } & Found) | { readonly ok: false; readonly problems: readonly string[] };

/** The one version of admission reviews that webhooks are sent. */
const reviewVersion = "admission.k8s.io/v1";

/** Reads parsed documents. `namespace` is that of objects that name none. */
export function readSubjects(values: readonly unknown[], namespace: string): ReadSubjects {
  const objects = values.flatMap(readItems);
  const problems = objects.filter(isReview).flatMap(checkReview);
  if (problems.length > 0) return { ok: false, problems };
  const subjects = objects.map((object) =>
    isReview(object) ? readReview(object, namespace) : readPlain(object, namespace),
  );
  const ofKind = (kind: string): readonly unknown[] =>
    objects.filter((object) => readText(object, "kind") === kind && readText(object, "apiVersion") === "v1");
  const namespaces = new Map(
    ofKind("Namespace").map((object) => [readText(readObject(object, "metadata"), "name") ?? "", readFacts(object)]),
  );
  return { ok: true, subjects, namespaces, services: ofKind("Service") };
}

/** Labels and annotations of a Namespace object. */
export function readFacts(namespace: unknown): NamespaceFacts {
  const metadata = readObject(namespace, "metadata");
  return { labels: readObject(metadata, "labels"), annotations: readObject(metadata, "annotations") };
}

function readItems(value: unknown): readonly unknown[] {
  const isList = (readText(value, "kind") ?? "").endsWith("List") && Array.isArray(readMember(value, "items"));
  return isList ? readList(value, "items") : [value];
}

const isReview = (object: unknown): object is JsonObject => readText(object, "kind") === "AdmissionReview";

function checkReview(review: JsonObject): readonly string[] {
  const version = readText(review, "apiVersion") ?? "";
  if (version !== reviewVersion)
    return [`AdmissionReview: expected apiVersion ${reviewVersion}, got ${JSON.stringify(version)}`];
  return isObject(readMember(review, "request")) ? [] : ["AdmissionReview: expected request, an object"];
}

function readPlain(object: unknown, fallback: string): Subject {
  const metadata = readObject(object, "metadata");
  const kind = readText(object, "kind") ?? "";
  const name = readText(metadata, "name") ?? readText(metadata, "generateName") ?? "";
  const namespace = readText(metadata, "namespace") ?? fallback;
  return { kind, name, namespace, object, template: findTemplate(object) };
}

function readReview(review: JsonObject, fallback: string): Subject {
  const request = readObject(review, "request");
  const object = readMember(request, "object") ?? {};
  const metadata = readObject(object, "metadata");
  const names = [readText(request, "name"), readText(metadata, "name"), readText(metadata, "generateName")];
  const given = readObject(request, "kind");
  const groupVersionKind = {
    group: readText(given, "group") ?? "",
    version: readText(given, "version") ?? "",
    kind: readText(given, "kind") ?? "",
  };
  const groups = readList(readMember(request, "userInfo"), "groups");
  return {
    kind: groupVersionKind.kind,
    name: names.find((name) => (name ?? "") !== "") ?? "",
    namespace: readText(request, "namespace") ?? fallback,
    object,
    template: [],
    review: {
      operation: readText(request, "operation") ?? "",
      kind: Object.values(groupVersionKind)
        .filter((part) => part !== "")
        .join("/"),
      subResource: readText(request, "subResource") ?? "",
      userGroups: groups.filter((group) => typeof group === "string"),
      dryRun: readMember(request, "dryRun") === true,
      groupVersionKind,
    },
  };
}
