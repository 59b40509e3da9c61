/** Annotations that say which replica of a server gets a call, and which calls may be sent again. A part of the table of keys.ts. */
import { keyPrefix, type KeyDefinition } from "./key-definition.ts";
import { parseWhole, parseWord } from "./values.ts";
import { words } from "./words.ts";

const user = { setBy: "user", kind: "annotation" } as const;
const podAndNamespace = ["pod", "namespace"] as const;

/** Bounds of the two numbers. */
const routingBounds = { weight: { min: 1, max: 100 }, priority: { min: 0, max: 100 } } as const;

const oneOf = (list: readonly string[]): string => list.map((word) => `\`${word}\``).join(" or ");

/** The rows of the table. */
export const routingKeys = {
  strategy: {
    ...user,
    key: `${keyPrefix}strategy`,
    on: podAndNamespace,
    meaning:
      "How the aggregator spreads calls over the replicas of a server. LeastConnections takes the one with the fewest calls under way, Weighted spreads by `outrigger.dev/weight`, Failover takes the lowest `outrigger.dev/priority` that is well. Of replicas that say different things the newest is heard. A change on a running pod holds at once.",
    form: oneOf(words.strategy),
    example: "RoundRobin",
    default: "LeastConnections",
    parse: (value) => parseWord(value, words.strategy),
  },
  affinity: {
    ...user,
    key: `${keyPrefix}affinity`,
    on: podAndNamespace,
    meaning:
      "Whose calls stay with one replica while it is well: those of a client's session, those of a caller whatever its session, or nobody's.",
    form: oneOf(words.affinity),
    example: "Caller",
    default: "Session",
    parse: (value) => parseWord(value, words.affinity),
  },
  weight: {
    ...user,
    key: `${keyPrefix}weight`,
    on: podAndNamespace,
    meaning: "With strategy Weighted: this pod's part of the calls, beside the weights of the other replicas.",
    form: "a whole number from 1 to 100",
    example: "10",
    default: "1",
    parse: (value) => parseWhole(value, routingBounds.weight),
  },
  priority: {
    ...user,
    key: `${keyPrefix}priority`,
    on: podAndNamespace,
    meaning: "With strategy Failover: the lowest number is called first, the others only while it is not well.",
    form: "a whole number from 0 to 100",
    example: "1",
    default: "0",
    parse: (value) => parseWhole(value, routingBounds.priority),
  },
  retry: {
    ...user,
    key: `${keyPrefix}retry`,
    on: podAndNamespace,
    meaning:
      "Which calls go to another replica when one is lost. Unsent: those that can't have reached the server. ReadOnly: also those of tools that say `readOnlyHint`. Idempotent: also those that say `idempotentHint`. With the last two you vouch for what your server says of its tools.",
    form: oneOf(words.retry),
    example: "ReadOnly",
    default: "Unsent",
    parse: (value) => parseWord(value, words.retry),
  },
} as const satisfies Record<string, KeyDefinition>;
