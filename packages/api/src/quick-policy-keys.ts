/** Annotations by which whoever owns a pod narrows what policy allows. A part of the table of keys.ts. */
import { keyPrefix, type KeyDefinition } from "./key-definition.ts";
import { parseGlobList, parseRate, parseSize, parseWhole } from "./values.ts";

const user = { setBy: "user" } as const;
const podAndNamespace = ["pod", "namespace"] as const;

/** The rows of the table. */
export const quickPolicyKeys = {
  allowTools: {
    ...user,
    key: `${keyPrefix}allow-tools`,
    kind: "annotation",
    on: podAndNamespace,
    narrows: true,
    meaning: "The only tools that may be listed and called. Absent: all that policy allows.",
    form: "a comma-separated list of tool names or globs",
    example: "read_*,search",
    parse: parseGlobList,
  },
  denyTools: {
    ...user,
    key: `${keyPrefix}deny-tools`,
    kind: "annotation",
    on: podAndNamespace,
    narrows: true,
    meaning: "Tools that may be neither listed nor called. Wins over every allow list.",
    form: "a comma-separated list of tool names or globs",
    example: "delete_*",
    parse: parseGlobList,
  },
  rateLimit: {
    ...user,
    key: `${keyPrefix}rate-limit`,
    kind: "annotation",
    on: podAndNamespace,
    narrows: true,
    meaning: "How many tool calls the server takes in all, per period and pod.",
    form: "<n>/<s|m|h>",
    example: "60/m",
    parse: parseRate,
  },
  maxConcurrency: {
    ...user,
    key: `${keyPrefix}max-concurrency`,
    kind: "annotation",
    on: podAndNamespace,
    narrows: true,
    meaning: "How many tool calls may be under way at once, per pod.",
    form: "a whole number from 1 to 10000",
    example: "8",
    parse: (value) => parseWhole(value, { min: 1, max: 10_000 }),
  },
  maxResponseBytes: {
    ...user,
    key: `${keyPrefix}max-response-bytes`,
    kind: "annotation",
    on: podAndNamespace,
    narrows: true,
    meaning: "The largest answer to a tool call that is passed on.",
    form: "a size",
    example: "1Mi",
    parse: parseSize,
  },
} as const satisfies Record<string, KeyDefinition>;
