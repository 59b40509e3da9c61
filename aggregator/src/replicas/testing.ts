/** Replicas for tests: one alone, with a key of its own. */
import { randomBytes } from "node:crypto";
import { createFixedMembership } from "./membership.ts";
import { createReplicas, type Replicas, type ReplicasOptions } from "./replicas.ts";
import { createSeal, createSealKey, type Seal } from "./seal.ts";

/** A seal with a key that nobody else has. */
export function createTestSeal(): Seal {
  const key = createSealKey(randomBytes(32));
  return createSeal({ keys: () => [key], randomBytes });
}

/** Nobody counts. */
const noMetrics: ReplicasOptions["metrics"] = {
  countForwarded: () => undefined,
  countRefusedHandle: () => undefined,
  countMoved: () => undefined,
};

/** A replica that has no others. */
export function createLoneReplica(changes: Partial<ReplicasOptions> = {}): Replicas {
  return createReplicas({
    self: "self",
    membership: createFixedMembership("self", []),
    seal: createTestSeal(),
    forward: () => Promise.resolve("away"),
    callerNow: () => "nobody",
    onForwarded: () => undefined,
    hasRead: () => true,
    metrics: noMetrics,
    nowMs: () => Date.now(),
    ...changes,
  });
}
