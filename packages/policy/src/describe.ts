/** Says in plain data what a compiled policy limits: for the feed, and through it for people and models. */
import type { FeedLimits } from "@outrigger/api/feed";
import { formatRate } from "@outrigger/api/values";
import type { CompiledPolicy } from "./compile.ts";

/** The limits and sizes in force, from the same object that decides. A burst that was not given is the rate's count. */
export function describeLimits({ limits, maxRequestBytes, maxResponseBytes }: CompiledPolicy): FeedLimits {
  return {
    limits: limits.map(({ name, source, rate, maxConcurrency }) => ({
      name,
      tools: source.tools,
      methods: source.methods,
      per: source.per,
      ...(rate === undefined ? {} : { rate: formatRate(rate), burst: rate.burst }),
      ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
    })),
    maxRequestBytes,
    maxResponseBytes,
  };
}
