/** Decides which limits of a server's policy meet the calls of one tool. Pure; what is enforced is enforced by the sidecar. */
import type { FeedLimit, FeedLimits } from "@outrigger/api/feed";
import { matchesGlob } from "@outrigger/policy";

/** What a caller of a tool meets; member names are public. Sizes in bytes; `rate` as `60/m`. */
export interface EffectiveLimits {
  readonly calls: readonly {
    readonly name: string;
    readonly rate?: string;
    readonly burst?: number;
    readonly max_concurrency?: number;
    /** `Caller`, `Tool` or both where calls are counted apart. */
    readonly per?: readonly string[];
  }[];
  readonly max_request_bytes: number;
  readonly max_response_bytes: number;
}

/** The limits of a tool by the server's own name for it, in the order of the policy. */
export function readEffectiveLimits(limits: FeedLimits, tool: string): EffectiveLimits {
  return {
    calls: limits.limits.filter((limit) => meets(limit, tool)).map(presentLimit),
    max_request_bytes: limits.maxRequestBytes,
    max_response_bytes: limits.maxResponseBytes,
  };
}

function meets({ tools, methods }: FeedLimit, tool: string): boolean {
  const matches = (globs: readonly string[], name: string): boolean => globs.some((glob) => matchesGlob(glob, name));
  return matches(methods, "tools/call") && matches(tools, tool);
}

function presentLimit({ name, rate, burst, maxConcurrency, per }: FeedLimit): EffectiveLimits["calls"][number] {
  return {
    name,
    ...(rate === undefined ? {} : { rate }),
    ...(burst === undefined ? {} : { burst }),
    ...(maxConcurrency === undefined ? {} : { max_concurrency: maxConcurrency }),
    ...(per.length === 0 ? {} : { per }),
  };
}
