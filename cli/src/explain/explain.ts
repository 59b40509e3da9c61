/**
 * Explains one object: asks the webhook's own decision, puts its patch into the object, and says what that means. The only file that
 * knows the order. Pure.
 */
import { reasons, type Reason } from "@outrigger/api/reasons";
import {
  admit,
  injectManifest,
  readMember,
  readObject,
  selectEntry,
  sidecarName,
  type InjectionConfig,
  type InstallationState,
  type ManifestResult,
  type NamespaceFacts,
  type Operation,
  type Problem,
  type Scope,
} from "@outrigger/webhook/inject";
import { formatJson, readDocuments } from "../commands/inject-documents.ts";
import { patchText } from "../commands/inject-patch.ts";
import type { ExplainedDecision, Explanation } from "./explanation.ts";
import { findSidecar, readInjection } from "./injection-facts.ts";
import type { Subject } from "./read-subjects.ts";
import { traceSettings } from "./settings.ts";
import { denialRows, outcomeRows } from "./table.ts";
import { explainCall } from "./webhook-call.ts";

/** What is known of the place that the object goes to. `scope`: an entry that is asked whatever the labels say. */
export interface ExplainContext {
  readonly facts: NamespaceFacts;
  readonly scope?: Scope;
  readonly config: InjectionConfig;
  readonly installation?: InstallationState;
  readonly services: readonly unknown[];
}

/** Explains. */
export function explain(subject: Subject, context: ExplainContext): Explanation {
  const { kind, name, namespace, template, review } = subject;
  const told = review === undefined ? {} : { review: omitKind(review) };
  const head = { object: { kind, name, namespace }, ...told };
  const result = ask(subject, context);
  const decision = describeDecision(result.admission);
  if (template === undefined || result.admission.action === "pass") {
    const call = { called: false, why: ["its rules name pods, and this kind holds none"] };
    return { ...head, decision, call, problems: [], warnings: result.warnings, policy: [], settings: [] };
  }
  const before = findPod(subject.object, template);
  const metadata = readObject(before, "metadata");
  const traced = traceSettings({
    pod: readObject(metadata, "annotations"),
    namespace: context.facts.annotations,
    defaults: context.config.defaults,
    wasInjected: findSidecar(before) !== undefined,
  });
  const question = {
    reason: decision.reason,
    scope: context.scope,
    namespace,
    podLabels: readObject(metadata, "labels"),
    namespaceLabels: context.facts.labels,
  };
  return {
    ...head,
    decision,
    call: explainCall(question),
    problems: result.admission.action === "deny" ? result.admission.problems.map(addFix) : [],
    warnings: result.warnings,
    ...describeInjection(subject, result, context),
    ...(result.admission.action === "skip" ? { policy: [], settings: [] } : traced),
  };
}

function describeInjection(
  { object, template = [], namespace }: Subject,
  { admission, patch }: Asked,
  { services }: ExplainContext,
): Pick<Explanation, "injection"> {
  if (admission.action !== "inject") return {};
  const after = findPod(applyPatch(object, patch), template);
  const injection = readInjection({ before: findPod(object, template), after, namespace, services });
  if (injection === undefined) throw new Error(`an injected pod has no container ${sidecarName}`);
  return { injection };
}

type Asked = Pick<ManifestResult, "admission" | "patch" | "warnings">;

/** The one result: a subject is no list. */
function ask(subject: Subject, context: ExplainContext): Asked {
  if (subject.review !== undefined) return askForRequest(subject, subject.review, context);
  const [result] = injectManifest(subject.object, { ...context, namespace: subject.namespace });
  if (result === undefined) throw new Error("an object has no result");
  return result;
}

/** What is said of a request is the request's own; the entry is the one that would have sent it. */
function askForRequest(
  { object, namespace }: Subject,
  { operation, groupVersionKind, subResource, userGroups }: NonNullable<Subject["review"]>,
  { facts, scope, config, installation = {} }: ExplainContext,
): Asked {
  const labels = readObject(readMember(object, "metadata"), "labels");
  const request = {
    scope: scope ?? selectEntry(labels, facts.labels)?.scope ?? "pod",
    operation,
    kind: groupVersionKind,
    subResource,
    namespace,
    userGroups,
    pod: object,
  };
  const admission = admit(request, { namespace: facts, installation }, config);
  return { admission, patch: admission.action === "inject" ? admission.patch : [], warnings: admission.warnings };
}

function omitKind({
  operation,
  kind,
  subResource,
  userGroups,
  dryRun,
}: NonNullable<Subject["review"]>): NonNullable<Explanation["review"]> {
  return { operation, kind, subResource, userGroups, dryRun };
}

function describeDecision(admission: Asked["admission"]): ExplainedDecision {
  const { action, reason } = admission;
  const { sentence } = reasons[reason satisfies Reason];
  switch (action) {
    case "deny":
      return { action, reason, row: denialRows[admission.reason].row, sentence, code: admission.code };
    case "inject":
    case "skip":
      return { action, reason, row: outcomeRows[admission.reason].row, sentence };
    case "pass":
      return { action, reason, sentence };
  }
}

const addFix = (problem: Problem): Problem & { readonly fix: string } => ({
  ...problem,
  fix: denialRows[problem.reason].fix,
});

function findPod(object: unknown, template: readonly string[]): unknown {
  return template.reduce<unknown>((value, key) => readMember(value, key), object);
}

/** The object after a patch, by the same code that writes patched manifests. */
function applyPatch(object: unknown, patch: readonly Operation[]): unknown {
  if (patch.length === 0) return object;
  const text = formatJson([object]);
  const read = readDocuments(patchText({ text, line: 1, value: object }, patch));
  if (!read.ok) throw new Error(`what was patched can't be read: ${read.problems.join("; ")}`);
  return read.documents[0]?.value;
}

/** The kind as people name objects on a command line: `deployment/search`. */
export function nameObject({ kind, name }: Explanation["object"]): string {
  return name === "" ? kind : `${kind}/${name}`;
}
