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
  },
  ["name"],
);

const layer: Readonly<Record<string, Schema>> = {
  defaultAction: { type: "string", enum: ["Allow", "Deny"] },
  tools: lists,
  prompts: lists,
  resources: lists,
  limits: { type: "array", items: limit },
  sizes: closed({ maxRequestBytes: size, maxResponseBytes: size }),
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
