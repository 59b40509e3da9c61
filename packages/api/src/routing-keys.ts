/** Annotations that say which replica of a server gets a call, which calls may be sent again, and which may be held. A part of the table of keys.ts. */
import { keyPrefix, type KeyDefinition } from "./key-definition.ts";
import { parseDuration, parseWhole, parseWord, type Parsed } from "./values.ts";
import { words } from "./words.ts";

const user = { setBy: "user", kind: "annotation" } as const;
const podAndNamespace = ["pod", "namespace"] as const;

/** Bounds of the two numbers. */
const routingBounds = { weight: { min: 1, max: 100 }, priority: { min: 0, max: 100 } } as const;

const oneOf = (list: readonly string[]): string => list.map((word) => `\`${word}\``).join(" or ");

const hedgeBounds = { minMs: 10, maxMs: 60_000 };
const [hedgeOff, formOfHedge] = ["`Off`", "a duration from 10ms to 60s"];

/** In ms; 0 stands for `Off`. */
function parseHedge(text: string): Parsed<number> {
  if (text === "Off") return { ok: true, value: 0 };
  const parsed = parseDuration(text);
  if (parsed.ok && parsed.value >= hedgeBounds.minMs && parsed.value <= hedgeBounds.maxMs) return parsed;
  return { ok: false, expected: `"Off" or ${formOfHedge}, such as "300ms"` };
}

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
  questions: {
    ...user,
    key: `${keyPrefix}questions`,
    on: podAndNamespace,
    meaning:
      "What becomes of a call in which a server of a revision before 2026-07-28 asks a client of that revision for something (sampling, elicitation, roots). Refuse: the server is not told that it may ask, and a call that can't go on without fails as -32021. Hold: the aggregator keeps the call open, at most ten minutes, and hands the question to the client as `input_required`.",
    form: oneOf(words.questions),
    example: "Hold",
    default: "Refuse",
    parse: (value) => parseWord(value, words.questions),
  },
  hedge: {
    ...user,
    key: `${keyPrefix}hedge`,
    on: podAndNamespace,
    meaning:
      "After how long without an answer a call goes to a second replica too; the first answer counts and the other call is cancelled. Only calls that `outrigger.dev/retry` lets be repeated, of servers of revision 2026-07-28, and at most one call in ten.",
    form: `${hedgeOff} or ${formOfHedge}`,
    example: "300ms",
    default: "Off",
    parse: parseHedge,
  },
} as const satisfies Record<string, KeyDefinition>;
