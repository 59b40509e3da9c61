/** Settings of health checks and of the circuit breaker. */
import { parseInterval, parseTime, parseWhole, parseWord } from "@outrigger/api/values";
import type { SettingTable } from "@outrigger/runtime/config";
import { usualHealthRules } from "./judge-health.ts";

/** The rows of the settings' table. */
export const healthSettings = {
  healthIntervalMs: {
    flag: "health-interval",
    env: "OUTRIGGER_HEALTH_INTERVAL",
    help: "time between two health checks of a server that is well",
    parse: parseInterval,
    fallback: 10_000,
  },
  healthTimeoutMs: {
    flag: "health-timeout",
    env: "OUTRIGGER_HEALTH_TIMEOUT",
    help: "how long the server may take to answer a health check",
    parse: parseTime,
    fallback: 5_000,
  },
  healthFailures: {
    flag: "health-failure-threshold",
    env: "OUTRIGGER_HEALTH_FAILURE_THRESHOLD",
    help: "failed health checks in a row after which the server counts as dead",
    parse: (text: string) => parseWhole(text, { min: 1, max: 100 }),
    fallback: usualHealthRules.failures,
  },
  healthSuccesses: {
    flag: "health-success-threshold",
    env: "OUTRIGGER_HEALTH_SUCCESS_THRESHOLD",
    help: "answers in a row after which a dead server counts as well",
    parse: (text: string) => parseWhole(text, { min: 1, max: 100 }),
    fallback: usualHealthRules.successes,
  },
  circuitBreaker: {
    flag: "circuit-breaker",
    env: "OUTRIGGER_CIRCUIT_BREAKER",
    help: "whether a server whose calls fail is left alone for a while: on or off",
    parse: (text: string) => parseWord(text, ["on", "off"]),
    fallback: "on" as const,
  },
  breakerFailures: {
    flag: "circuit-breaker-threshold",
    env: "OUTRIGGER_CIRCUIT_BREAKER_THRESHOLD",
    help: "failed calls in a row after which it is",
    parse: (text: string) => parseWhole(text, { min: 1, max: 1_000 }),
    fallback: 5,
  },
} satisfies SettingTable;

/** What is made of them. Times in ms. */
export interface HealthOptions {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly failures: number;
  readonly successes: number;
  /** Failed calls in a row that open the circuit breaker; undefined where there is none. */
  readonly breakerFailures: number | undefined;
}

/** The values of the settings. */
export interface HealthValues {
  readonly healthIntervalMs: number;
  readonly healthTimeoutMs: number;
  readonly healthFailures: number;
  readonly healthSuccesses: number;
  readonly circuitBreaker: "on" | "off";
  readonly breakerFailures: number;
}

/** Reads the values. */
export function readHealth(values: HealthValues): HealthOptions {
  return {
    intervalMs: values.healthIntervalMs,
    timeoutMs: values.healthTimeoutMs,
    failures: values.healthFailures,
    successes: values.healthSuccesses,
    breakerFailures: values.circuitBreaker === "on" ? values.breakerFailures : undefined,
  };
}
