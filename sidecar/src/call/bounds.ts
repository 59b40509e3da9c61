/** What policy's bounds of tools say of one exchange. Of a batch the smallest hold: its answers come as one. */
import { boundsOf, type CompiledPolicy } from "@outrigger/policy";
import type { Judged } from "./exchange.ts";

/** `maxDurationMs`: of the whole exchange; Infinity where policy does not bound it. */
export interface ExchangeBounds {
  readonly maxResponseBytes: number;
  readonly maxDurationMs: number;
}

/** The bounds of these messages. Costs one comparison where no tool has any. */
export function boundExchange(policy: CompiledPolicy, judged: readonly Pick<Judged, "item">[]): ExchangeBounds {
  let { maxResponseBytes } = policy;
  let maxDurationMs = Number.POSITIVE_INFINITY;
  if (policy.bounds === undefined) return { maxResponseBytes, maxDurationMs };
  for (const { item } of judged) {
    const { method, name } = item.message;
    if (method !== "tools/call" || name === undefined) continue;
    const bounds = boundsOf(policy, name);
    maxResponseBytes = Math.min(maxResponseBytes, bounds.maxResponseBytes);
    maxDurationMs = Math.min(maxDurationMs, bounds.maxDurationMs ?? maxDurationMs);
  }
  return { maxResponseBytes, maxDurationMs };
}
