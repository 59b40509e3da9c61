/**
 * Counts in Valkey, or a Redis that speaks the same: fixed windows of a limit's period, one key for each bucket. Loaded only where a
 * store is configured.
 */
import { createHash } from "node:crypto";
import type { BucketRate } from "@outrigger/policy";
import { Redis } from "iovalkey";
import { RateLimiterRes, RateLimiterValkey } from "rate-limiter-flexible";
import type { StoreClient } from "./shared-store.ts";

/** The longest time of one decision, in ms. */
const commandTimeoutMs = 100;

/** Pauses between attempts to connect, in ms. */
const reconnectMs = { min: 100, max: 2_000 } as const;

/** The library's own script, in the name that Valkey and every Redis know: its `server` is not known before Redis 7. */
const countingScript = `
redis.call('set', KEYS[1], 0, 'EX', ARGV[2], 'NX')
local consumed = redis.call('incrby', KEYS[1], ARGV[1])
return {consumed, redis.call('pttl', KEYS[1])}
`;

/** Connects in the background. Keys begin with the prefix, so that stores can be shared. */
export function createValkeyClient(url: URL, prefix: string): StoreClient {
  const client = new Redis(url.href, {
    commandTimeout: commandTimeoutMs,
    connectTimeout: 2_000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * reconnectMs.min, reconnectMs.max),
  });
  // It tries again by itself; each decision that it fails is counted by whoever asked.
  client.on("error", () => undefined);
  const limiters = new Map<string, RateLimiterValkey>();
  const limiterOf = (rate: BucketRate): RateLimiterValkey => {
    const name = `${rate.count}/${rate.periodMs}`;
    const limiter =
      limiters.get(name) ??
      new RateLimiterValkey({
        storeClient: client,
        keyPrefix: `${prefix}:${name}`,
        points: rate.count,
        duration: rate.periodMs / 1_000,
        rejectIfValkeyNotReady: true,
        customIncrTtlLuaScript: countingScript,
      });
    limiters.set(name, limiter);
    return limiter;
  };
  return {
    consume: async (key, rate) => {
      try {
        // Keys hold names of callers and the text of limits: neither belongs into a store that others read.
        await limiterOf(rate).consume(createHash("sha256").update(key).digest("base64url"), 1);
        return 0;
      } catch (error) {
        // The library rejects with its result where the call is one too many, and with an error where it could not count.
        if (error instanceof RateLimiterRes) return Math.max(1, error.msBeforeNext);
        throw error;
      }
    },
    close: async () => {
      client.disconnect();
      await Promise.resolve();
    },
  };
}
