/**
 * The floor of a pod's quick policy: what the annotations of its namespace say. It is fixed at admission; the pod's own
 * annotations are read by the sidecar while it runs and can only narrow further, so they are no part of it.
 */
import { formatRate } from "@outrigger/api/values";
import type { AnnotationReader } from "./annotations.ts";

/** As the sidecar reads it: an allow list inside a list of them. `maxResponseBytes` in bytes; `rateLimit` as `<n>/<s|m|h>`. */
export interface QuickPolicy {
  readonly allowTools?: readonly (readonly string[])[];
  readonly denyTools?: readonly string[];
  readonly rateLimit?: string;
  readonly maxConcurrency?: number;
  readonly maxResponseBytes?: number;
}

/** Reads the namespace's annotations that narrow. */
export function readFloor(reader: AnnotationReader): QuickPolicy {
  const allowTools = reader.both("allowTools").namespace;
  const denyTools = reader.both("denyTools").namespace;
  const rate = reader.both("rateLimit").namespace;
  const maxConcurrency = reader.both("maxConcurrency").namespace;
  const maxResponseBytes = reader.both("maxResponseBytes").namespace;
  return {
    ...(allowTools === undefined ? {} : { allowTools: [allowTools] }),
    ...(denyTools === undefined ? {} : { denyTools }),
    ...(rate === undefined ? {} : { rateLimit: formatRate(rate) }),
    ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
    ...(maxResponseBytes === undefined ? {} : { maxResponseBytes }),
  };
}
