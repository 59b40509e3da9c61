/** The installation's policy: the form of a policy document, and of those for one namespace or one server. */
import { closed, shaped, type Leaf, type Schema } from "./node.ts";

const globs: Schema = { type: "array", maxItems: 256, items: { type: "string", minLength: 1 } };
const lists = closed({ allow: globs, deny: globs });
const amount: Schema = { type: "integer", minimum: 1, maximum: 1_000_000 };
const size: Schema = { type: ["string", "integer"] };

const limit = closed(
  {
    name: { type: "string", minLength: 1 },
    tools: globs,
    methods: globs,
    per: { type: "array", items: { type: "string", enum: ["Caller", "Tool"] } },
    rate: { type: "string", pattern: "^[1-9][0-9]*/(s|m|h)$" },
    burst: amount,
    maxConcurrency: amount,
    queue: amount,
    queueTimeout: { type: "string", pattern: "^[1-9][0-9]*(ms|s|m|h)$" },
  },
  ["name"],
);

const word = (...words: readonly string[]): Schema => ({ type: "string", enum: words });
const name: Schema = { type: "string", minLength: 1, maxLength: 253 };
const hint: Schema = { type: "boolean" };
const subject = closed(
  {
    kind: word("User", "Group", "ServiceAccount", "Claim", "Anonymous", "Any"),
    ...{ name: { type: "string", minLength: 1 }, namespace: { type: "string", minLength: 1 } },
    claim: { type: "string", minLength: 1 },
  },
  ["kind"],
);

const rule = closed(
  {
    name,
    action: word("Allow", "Deny"),
    subjects: { type: "array", maxItems: 64, items: subject },
    ...{ tools: globs, prompts: globs, resources: globs },
    methods: {
      type: "array",
      items: word(
        ...["tools/call", "prompts/get", "resources/read", "resources/subscribe", "resources/unsubscribe"],
        ...["completion/complete", "subscriptions/listen"],
      ),
    },
    hints: closed({ readOnlyHint: hint, destructiveHint: hint, idempotentHint: hint, openWorldHint: hint }),
    when: { type: "string", minLength: 1, maxLength: 2_048 },
  },
  ["name", "action"],
);

const duration: Schema = { type: "string", pattern: "^([0-9]+(ms|s|m|h))+$" };
const bounds = {
  ...{ maxRequestBytes: size, maxResponseBytes: size },
  ...{ maxDepth: amount, maxEntries: amount, maxDuration: duration },
};
const check = word("Off", "Audit", "Enforce");
const detail = word("Omit", "Hash", "Include");
const approved = closed({ server: name, tool: name, digest: { type: "string", pattern: "^sha256:[0-9a-f]{64}$" } }, [
  "server",
  "tool",
  "digest",
]);

const layer: Readonly<Record<string, Schema>> = {
  mode: word("Enforce", "Audit"),
  defaultAction: word("Allow", "Deny"),
  access: word("Any", "ReadOnly"),
  tools: lists,
  prompts: lists,
  resources: lists,
  rules: { type: "array", maxItems: 64, items: rule },
  limits: { type: "array", maxItems: 32, items: limit },
  sizes: closed({
    ...bounds,
    onOversize: word("Reject", "Truncate"),
    perTool: { type: "array", maxItems: 64, items: closed({ tools: { ...globs, minItems: 1 }, ...bounds }, ["tools"]) },
  }),
  arguments: closed({ schema: check, deny: { type: "array", items: { type: "string", minLength: 1 } } }),
  results: closed({ redact: { type: "array", maxItems: 64, items: { type: "string", minLength: 1 } } }),
  pins: closed({ mode: check, approved: { type: "array", maxItems: 1_024, items: approved } }),
  audit: closed({ arguments: detail, results: detail }),
  instructions: word("Keep", "Drop"),
};

/** The policy document. */
export const policy: Leaf = shaped(
  {
    meaning:
      "What may be listed and called everywhere. Documents under `namespaces` (by namespace) and `servers` (by `namespace/server`) narrow it; annotations narrow what is left.",
    fallback: { defaultAction: "Allow" },
    other: { defaultAction: "Deny", tools: { allow: ["read_*"] } },
  },
  {
    type: "object",
    additionalProperties: false,
    properties: {
      ...layer,
      namespaces: { type: "object", additionalProperties: closed(layer) },
      servers: {
        type: "object",
        propertyNames: { pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-a-z0-9]*[a-z0-9])?$" },
        additionalProperties: closed(layer),
      },
    },
  },
);
