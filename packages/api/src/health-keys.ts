/** Annotations that say how a server's health is checked and when it is left alone. A part of the table of keys.ts. */
import { keyPrefix, type KeyDefinition } from "./key-definition.ts";
import { parseInterval, parseTime, parseWhole, parseWord } from "./values.ts";
import { words } from "./words.ts";

const user = { setBy: "user" } as const;
const podAndNamespace = ["pod", "namespace"] as const;

/** The rows of the table. */
export const healthKeys = {
  healthInterval: {
    ...user,
    key: `${keyPrefix}health-interval`,
    kind: "annotation",
    on: podAndNamespace,
    meaning:
      "Time between two health checks of a server that is well. One that failed is checked again after half a second at most.",
    form: 'a duration such as "500ms" or "30s", from 100ms to 576h',
    example: "30s",
    default: "10s",
    parse: parseInterval,
  },
  healthTimeout: {
    ...user,
    key: `${keyPrefix}health-timeout`,
    kind: "annotation",
    on: podAndNamespace,
    meaning: "How long a server may take to answer a health check.",
    form: 'a duration such as "500ms" or "30s", at most 576h',
    example: "2s",
    default: "5s",
    parse: parseTime,
  },
  healthFailureThreshold: {
    ...user,
    key: `${keyPrefix}health-failure-threshold`,
    kind: "annotation",
    on: podAndNamespace,
    meaning: "How many health checks in a row a server must fail to count as dead.",
    form: "a whole number from 1 to 100",
    example: "5",
    default: "3",
    parse: (value) => parseWhole(value, { min: 1, max: 100 }),
  },
  healthSuccessThreshold: {
    ...user,
    key: `${keyPrefix}health-success-threshold`,
    kind: "annotation",
    on: podAndNamespace,
    meaning: "How many answers in a row a dead server must give to count as well again.",
    form: "a whole number from 1 to 100",
    example: "2",
    default: "1",
    parse: (value) => parseWhole(value, { min: 1, max: 100 }),
  },
  circuitBreaker: {
    ...user,
    key: `${keyPrefix}circuit-breaker`,
    kind: "annotation",
    on: podAndNamespace,
    meaning: "Whether a server whose calls fail one after the other is left alone for a while.",
    form: "`on` or `off`",
    example: "off",
    default: "on",
    parse: (value) => parseWord(value, words.circuitBreaker),
  },
  circuitBreakerThreshold: {
    ...user,
    key: `${keyPrefix}circuit-breaker-threshold`,
    kind: "annotation",
    on: podAndNamespace,
    meaning:
      "How many calls in a row must fail for the circuit breaker to open. It also opens when half of 20 calls or more fail within 10 s.",
    form: "a whole number from 1 to 1000",
    example: "10",
    default: "5",
    parse: (value) => parseWhole(value, { min: 1, max: 1_000 }),
  },
} as const satisfies Record<string, KeyDefinition>;
