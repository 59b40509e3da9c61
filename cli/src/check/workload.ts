/**
 * What the webhook would make of the next pods of a workload, by its own decision on the template that stands in the cluster now, and
 * which of its labels and annotations do not do what they are there for. Pure.
 */
import { keys } from "@outrigger/api/keys";
import {
  findTemplate,
  injectManifest,
  readList,
  readMember,
  readObject,
  readText,
  selectEntry,
  sidecarName,
  type InjectionConfig,
  type JsonObject,
  type ManifestResult,
  type NamespaceFacts,
} from "@outrigger/webhook/inject";
import type { RawTemplated } from "./cluster/resources.ts";
import type { ContainerResources, PodResources, WorkloadFacts } from "./facts.ts";
import { isOursToTell } from "./refusal.ts";
import { listKeyFaults } from "./template-keys.ts";

/** The cluster around it. `kind` and `apiVersion` are those of the list: items of a list lack their own. */
export interface AroundWorkload {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: NamespaceFacts;
  readonly config: InjectionConfig;
}

/** Reads it. */
export function readWorkload(raw: RawTemplated, around: AroundWorkload): WorkloadFacts {
  const { apiVersion, kind, namespace: facts, config } = around;
  const { name = "", namespace = "" } = raw.metadata ?? {};
  const object = { ...raw, apiVersion, kind };
  const template = (findTemplate(object) ?? []).reduce<unknown>((value, token) => readMember(value, token), object);
  const [result] = injectManifest(object, { namespace, facts, config });
  // A manifest that is no list gives one result.
  if (result === undefined) throw new RangeError("a workload without a result");
  const opting = readOpting(result, { template, facts });
  const isAsked = opting === "asked";
  return {
    namespace,
    kind,
    name,
    opting,
    refusal: isAsked ? describeRefusal(result) : "",
    failure: readFailure(raw),
    faults: listKeyFaults(object, result.warnings),
    hint: result.admission.reason === "NotOptedIn" ? findHint(name, template) : "",
    resources: isAsked ? readResources(result, template) : undefined,
  };
}

function readOpting(
  { admission }: ManifestResult,
  { template, facts }: { readonly template: unknown; readonly facts: NamespaceFacts },
): WorkloadFacts["opting"] {
  const labels = readObject(readObject(template, "metadata"), "labels");
  if (admission.action !== "skip" && selectEntry(labels, facts.labels) !== undefined) return "asked";
  return readText(labels, keys.inject.key) === "disabled" ? "out" : "unlabelled";
}

function describeRefusal({ admission }: ManifestResult): string {
  if (admission.action !== "deny") return "";
  return admission.problems.map(({ text, reason }) => `${text} [${reason}]`).join("; ");
}

/** A Deployment repeats what its ReplicaSet was told. */
function readFailure({ status }: RawTemplated): string {
  const failure = status?.conditions?.find(({ type, status: is }) => type === "ReplicaFailure" && is === "True");
  const message = failure?.message ?? "";
  return isOursToTell(message) ? message : "";
}

/** `mcp` as a word of its own in a name. */
const isNamedSo = /(^|[^a-z0-9])mcp([^a-z0-9]|$)/i;

/** Only what a person wrote to say so: an image, a command or a name with the word in it. A port or a guess is none. */
function findHint(name: string, template: unknown): string {
  for (const container of readList(readObject(template, "spec"), "containers")) {
    const image = readText(container, "image") ?? "";
    if (isNamedSo.test(image)) return `image ${image}`;
    const words = [...readList(container, "command"), ...readList(container, "args")];
    const word = words.find((each) => typeof each === "string" && isNamedSo.test(each));
    if (typeof word === "string") return `command with ${word.slice(0, 80)}`;
  }
  return isNamedSo.test(name) ? "its name" : "";
}

function readResources({ patch }: ManifestResult, template: unknown): PodResources | undefined {
  const added = patch.flatMap((operation): readonly unknown[] => {
    if (!("value" in operation)) return [];
    return Array.isArray(operation.value) ? (operation.value as readonly unknown[]) : [operation.value];
  });
  const sidecar = added.find((value) => readText(value, "name") === sidecarName);
  if (sidecar === undefined) return undefined;
  const spec = readObject(template, "spec");
  // Plain init containers run before the others, not beside them.
  const beside = readList(spec, "initContainers").filter((each) => readText(each, "restartPolicy") === "Always");
  const others = [...readList(spec, "containers"), ...beside];
  return { sidecar: readContainer(sidecar), others: others.map(readContainer) };
}

function readContainer(container: unknown): ContainerResources {
  const resources = readObject(container, "resources");
  return { requests: readAmounts(resources, "requests"), limits: readAmounts(resources, "limits") };
}

function readAmounts(resources: JsonObject, which: string): ContainerResources["requests"] {
  return Object.fromEntries(
    Object.entries(readObject(resources, which)).flatMap(([name, amount]) =>
      typeof amount === "string" || typeof amount === "number" ? [[name, amount] as const] : [],
    ),
  );
}
