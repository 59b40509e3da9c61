/**
 * Quick policy: what the annotations of a pod and its namespace say together. Both can only narrow: allow lists are kept
 * apart, since a tool must be in all of them; deny lists are joined; of limits the smaller one counts.
 */
import { keys } from "@outrigger/api/keys";
import type { Rate } from "@outrigger/api/values";
import type { Problem } from "../outcome.ts";
import type { AnnotationReader } from "./annotations.ts";

/** As the sidecar reads it. `maxResponseBytes` in bytes; `rateLimit` as `<n>/<s|m|h>`. */
export interface QuickPolicy {
  readonly allowTools?: readonly (readonly string[])[];
  readonly denyTools?: readonly string[];
  readonly rateLimit?: string;
  readonly maxConcurrency?: number;
  readonly maxResponseBytes?: number;
}

const maxGlobs = 256;

/** Combines the annotations. */
export function readQuickPolicy(reader: AnnotationReader): QuickPolicy {
  const allow = presentOf(reader.both("allowTools"));
  const deny = [...new Set(presentOf(reader.both("denyTools")).flat())];
  const rate = presentOf(reader.both("rateLimit")).toSorted(compareRates)[0];
  const concurrency = presentOf(reader.both("maxConcurrency"));
  const bytes = presentOf(reader.both("maxResponseBytes"));
  return {
    ...(allow.length === 0 ? {} : { allowTools: dropRepeated(allow) }),
    ...(deny.length === 0 ? {} : { denyTools: deny }),
    ...(rate === undefined ? {} : { rateLimit: writeRate(rate) }),
    ...(concurrency.length === 0 ? {} : { maxConcurrency: Math.min(...concurrency) }),
    ...(bytes.length === 0 ? {} : { maxResponseBytes: Math.min(...bytes) }),
  };
}

/** Finds what is right on pod and namespace alone but too much together. */
export function checkQuickPolicy(policy: QuickPolicy): Problem[] {
  const count = policy.denyTools?.length ?? 0;
  if (count <= maxGlobs) return [];
  const text = `${keys.denyTools.key} of pod and namespace: expected at most ${maxGlobs} entries together, found ${count}`;
  return [{ reason: "InvalidAnnotation", text }];
}

function presentOf<T>(values: { readonly pod: T | undefined; readonly namespace: T | undefined }): T[] {
  return [values.pod, values.namespace].filter((value) => value !== undefined);
}

/** A namespace's list that was copied to the pod in an earlier round counts once. */
function dropRepeated(lists: readonly (readonly string[])[]): (readonly string[])[] {
  const unique = new Map(lists.map((list) => [JSON.stringify(list), list]));
  return [...unique.values()];
}

const compareRates = (a: Rate, b: Rate): number => a.count / a.periodMs - b.count / b.periodMs || a.count - b.count;

function writeRate({ count, periodMs }: Rate): string {
  const period = { 1000: "s", 60000: "m", 3600000: "h" }[periodMs];
  return `${count}/${period ?? "s"}`;
}
