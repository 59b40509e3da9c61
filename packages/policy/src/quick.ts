/** Quick policy: what a workload owner says by annotations. Turned into layers, so that it can only narrow. */
import type { QuickKey } from "@outrigger/api/bundle";
import { keys } from "@outrigger/api/keys";
import type { FileProblem } from "@outrigger/api/server-file";
import type { Parsed } from "@outrigger/api/values";
import { openDocument, parsePolicyDocument, type PolicyDocument, type ReadDocument } from "./document/document.ts";
import type { Limit } from "./document/limits.ts";

/**
 * The resolved annotations of a pod and its namespace, as the webhook writes them.
 * `allowTools` holds one list per annotation that was set: a tool must be in all of them.
 */
export interface QuickPolicy {
  readonly allowTools?: readonly (readonly string[])[];
  readonly denyTools?: readonly string[];
  readonly rateLimit?: string;
  readonly maxConcurrency?: number;
  readonly maxResponseBytes?: string | number;
}

/** The name that a refused call shows for the limit of the annotation. */
export const quickLimitName = "annotation";

/** Reads quick policy from a parsed value: one layer per allow list, and one for everything else. */
export function parseQuickPolicy(
  value: unknown,
):
  | { readonly ok: true; readonly layers: readonly PolicyDocument[] }
  | { readonly ok: false; readonly problems: readonly FileProblem[] } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { ok: false, problems: [{ path: [], expected: "an object with the resolved annotations" }] };
  }
  // An object that is no array; every member is checked below by the document's own reader.
  const quick = value as QuickPolicy;
  const allowLists = Array.isArray(quick.allowTools)
    ? quick.allowTools
    : quick.allowTools === undefined
      ? []
      : [quick.allowTools];
  const read: ReadDocument[] = [
    parsePolicyDocument(toDocument(quick)),
    ...allowLists.map((allow: unknown) => parsePolicyDocument({ tools: { allow } })),
  ];
  const problems = read.flatMap((each) => (each.ok ? [] : each.problems));
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, layers: read.flatMap((each) => (each.ok ? [{ ...each.document, onlyNarrows: true as const }] : [])) };
}

/** Reads one annotation as it stands on a pod, in the form that admission takes too, into a layer of its own. */
export function parseQuickAnnotation(name: QuickKey, text: string): Parsed<PolicyDocument> {
  switch (name) {
    case "allowTools":
      return toLayer(keys.allowTools.parse(text), (allow) => ({ tools: { allow, deny: [] } }));
    case "denyTools":
      return toLayer(keys.denyTools.parse(text), (deny) => ({ tools: { deny } }));
    case "rateLimit":
      return toLayer(keys.rateLimit.parse(text), (rate) => ({ limits: [{ ...quickLimit, rate }] }));
    case "maxConcurrency":
      return toLayer(keys.maxConcurrency.parse(text), (maxConcurrency) => ({
        limits: [{ ...quickLimit, maxConcurrency }],
      }));
    case "maxResponseBytes":
      return toLayer(keys.maxResponseBytes.parse(text), (maxResponseBytes) => ({
        sizes: { maxResponseBytes, perTool: [] },
      }));
  }
}

/** A limit of the annotations counts all tool calls of the server together. */
const quickLimit: Limit = { name: quickLimitName, tools: ["*"], methods: ["tools/call"], per: [] };

function toLayer<T>(parsed: Parsed<T>, write: (value: T) => Partial<PolicyDocument>): Parsed<PolicyDocument> {
  return parsed.ok ? { ok: true, value: { ...openDocument, onlyNarrows: true, ...write(parsed.value) } } : parsed;
}

function toDocument(quick: QuickPolicy): unknown {
  const hasLimit = quick.rateLimit !== undefined || quick.maxConcurrency !== undefined;
  const limit = {
    name: quickLimitName,
    ...(quick.rateLimit === undefined ? {} : { rate: quick.rateLimit }),
    ...(quick.maxConcurrency === undefined ? {} : { maxConcurrency: quick.maxConcurrency }),
  };
  return {
    ...(quick.denyTools === undefined ? {} : { tools: { deny: quick.denyTools } }),
    ...(hasLimit ? { limits: [limit] } : {}),
    ...(quick.maxResponseBytes === undefined ? {} : { sizes: { maxResponseBytes: quick.maxResponseBytes } }),
  };
}
