/** Every member of a policy document: its form, default and meaning, and a document that uses it. The reference page is made from it. */

/** One member. `path`: `[]` stands for every entry of a list. */
export interface PolicyField {
  readonly path: string;
  readonly form: string;
  readonly fallback: string;
  readonly meaning: string;
  readonly example: object;
}

type Row = readonly [path: string, form: string, fallback: string, meaning: string, example: object];

const rule = (more: object): object => ({ rules: [{ name: "r", action: "Deny", ...more }] });
const limit = (more: object): object => ({ limits: [{ name: "l", rate: "60/m", ...more }] });
const perTool = (more: object): object => ({ sizes: { perTool: [{ tools: ["search"], ...more }] } });
const digest = `sha256:${"0".repeat(64)}`;
const approved = { pins: { approved: [{ server: "search", tool: "find", digest }] } };
const names = "list of at most 256 globs";

const rows: readonly Row[] = [
  [
    "mode",
    "`Enforce`, `Audit`",
    "`Enforce`",
    "`Audit`: the document binds nobody. What it would have denied is counted (`outrigger_sidecar_would_deny_total`) and logged (`would deny`). Answers are not cut or redacted by it, and their sizes are not tried.",
    { mode: "Audit" },
  ],
  [
    "defaultAction",
    "`Allow`, `Deny`",
    "`Allow`",
    "`Deny`: what no allow list and no Allow rule names is denied.",
    { defaultAction: "Deny" },
  ],
  [
    "access",
    "`Any`, `ReadOnly`",
    "`Any`",
    "`ReadOnly`: of tools only those whose approved definition has `readOnlyHint: true`. Prompts and resources stay.",
    { access: "ReadOnly" },
  ],
  ["tools.allow", names, "all", "Tools that may be used.", { tools: { allow: ["read_*"] } }],
  ["tools.deny", names, "none", "Tools that may not; wins over every allow.", { tools: { deny: ["delete_*"] } }],
  ["prompts.allow", names, "all", "The same for prompts.", { prompts: { allow: ["review"] } }],
  ["prompts.deny", names, "none", "The same for prompts.", { prompts: { deny: ["admin_*"] } }],
  [
    "resources.allow",
    names,
    "all",
    "The same for URIs of resources and templates. A URI has to pass in every way in which a server may read it.",
    { resources: { allow: ["file:///pub/*"] } },
  ],
  ["resources.deny", names, "none", "The same.", { resources: { deny: ["file:///etc/*"] } }],
  ["rules[].name", "text", "required", "What a refused call is told.", rule({})],
  [
    "rules[].action",
    "`Allow`, `Deny`",
    "required",
    "Deny wins over Allow; the order is without meaning. `RequireApproval` is refused: it is not available yet.",
    rule({ action: "Allow" }),
  ],
  [
    "rules[].subjects[].kind",
    "`User`, `Group`, `ServiceAccount`, `Claim`, `Anonymous`, `Any`",
    "anybody",
    "Who calls. Where nobody vouches for the caller it is anonymous, no Allow for a named one matches, and every Deny does.",
    rule({ subjects: [{ kind: "Anonymous" }] }),
  ],
  [
    "rules[].subjects[].name",
    "glob",
    "required but for `Anonymous` and `Any`",
    "Of the user, the group, the account, or the claim's value.",
    rule({ subjects: [{ kind: "Group", name: "ops-*" }] }),
  ],
  [
    "rules[].subjects[].namespace",
    "glob",
    "required for `ServiceAccount`",
    "Of the account.",
    rule({ subjects: [{ kind: "ServiceAccount", name: "*", namespace: "ci" }] }),
  ],
  [
    "rules[].subjects[].claim",
    "text",
    "required for `Claim`",
    "The claim's name.",
    rule({ subjects: [{ kind: "Claim", claim: "team", name: "red" }] }),
  ],
  [
    "rules[].tools",
    names,
    "see below",
    "What the rule is about. Without `tools`, `prompts` and `resources` it is about all three; with one of them about those that are given.",
    rule({ tools: ["write_*"] }),
  ],
  ["rules[].prompts", names, "see above", "The same for prompts.", rule({ prompts: ["*"] })],
  ["rules[].resources", names, "see above", "The same for URIs.", rule({ resources: ["file:///etc/*"] })],
  [
    "rules[].methods",
    "list of `tools/call`, `prompts/get`, `resources/read`, `resources/subscribe`, `resources/unsubscribe`, `completion/complete`, `subscriptions/listen`",
    "all",
    "Methods that use a thing. Lists follow: a tool is listed where it may be called, a prompt where it may be got, a resource where it may be read.",
    rule({ methods: ["completion/complete"] }),
  ],
  [
    "rules[].hints.readOnlyHint",
    "boolean",
    "any",
    "Matched on approved definitions; a hint that a tool does not give has the default of the MCP specification. Without an approved definition no Allow matches, and every Deny does.",
    rule({ tools: ["*"], hints: { readOnlyHint: false } }),
  ],
  ["rules[].hints.destructiveHint", "boolean", "any", "The same.", rule({ hints: { destructiveHint: true } })],
  ["rules[].hints.idempotentHint", "boolean", "any", "The same.", rule({ hints: { idempotentHint: false } })],
  ["rules[].hints.openWorldHint", "boolean", "any", "The same.", rule({ hints: { openWorldHint: true } })],
  [
    "rules[].when",
    "CEL, at most 2048 characters",
    "always",
    "A condition, see below.",
    rule({ tools: ["write"], when: '!args.path.startsWith("/tmp/")' }),
  ],
  ["limits[].name", "text", "required", "What a refused call is told.", limit({})],
  ["limits[].tools", names, '`["*"]`', "Tools that it counts.", limit({ tools: ["search"] })],
  ["limits[].methods", names, '`["tools/call"]`', "Methods that it counts.", limit({ methods: ["resources/*"] })],
  [
    "limits[].per",
    "list of `Caller`, `Tool`",
    "none",
    "Counted apart for each of them; none means one count for the server.",
    limit({ per: ["Caller"] }),
  ],
  ["limits[].rate", "`<n>/<s|m|h>`", "none", "How often.", limit({})],
  ["limits[].burst", "1 to 1000000", "the rate's count", "How many at once.", limit({ burst: 5 })],
  ["limits[].maxConcurrency", "1 to 1000000", "none", "How many under way.", limit({ maxConcurrency: 2 })],
  [
    "limits[].queue",
    "1 to 1000000",
    "none",
    "How many may wait for a call under way to end; needs `maxConcurrency`.",
    limit({ maxConcurrency: 1, queue: 4 }),
  ],
  [
    "limits[].queueTimeout",
    "duration",
    "see the limit",
    "How long one waits at most.",
    limit({ maxConcurrency: 1, queue: 4, queueTimeout: "5s" }),
  ],
  ["sizes.maxRequestBytes", "size", "`4Mi`", "Of one request.", { sizes: { maxRequestBytes: "1Mi" } }],
  [
    "sizes.maxResponseBytes",
    "size",
    "`10Mi`",
    "Of one answer, or one event of a stream.",
    { sizes: { maxResponseBytes: "256Ki" } },
  ],
  [
    "sizes.maxDepth",
    "1 to 1000000",
    "none",
    "Levels of objects and lists in arguments of a tool. Requests as a whole nest at most 64 levels deep, and batches hold at most 100 messages.",
    { sizes: { maxDepth: 8 } },
  ],
  [
    "sizes.maxEntries",
    "1 to 1000000",
    "none",
    "Entries of one list or object in arguments of a tool.",
    { sizes: { maxEntries: 1_000 } },
  ],
  [
    "sizes.maxDuration",
    "duration",
    "none",
    "Of a whole call of a tool, from its arrival to the end of its answer, its wait for a place included.",
    { sizes: { maxDuration: "5m" } },
  ],
  [
    "sizes.perTool[].tools",
    names,
    "required",
    "Tools with bounds of their own; of several the smallest hold.",
    perTool({ maxDepth: 4 }),
  ],
  [
    "sizes.perTool[].maxRequestBytes",
    "size",
    "none",
    "As above, for these tools.",
    perTool({ maxRequestBytes: "64Ki" }),
  ],
  ["sizes.perTool[].maxResponseBytes", "size", "none", "The same.", perTool({ maxResponseBytes: "64Ki" })],
  ["sizes.perTool[].maxDepth", "1 to 1000000", "none", "The same.", perTool({ maxDepth: 4 })],
  ["sizes.perTool[].maxEntries", "1 to 1000000", "none", "The same.", perTool({ maxEntries: 100 })],
  ["sizes.perTool[].maxDuration", "duration", "none", "The same.", perTool({ maxDuration: "30s" })],
  [
    "sizes.onOversize",
    "`Reject`, `Truncate`",
    "`Reject`",
    '`Truncate`: an answer to a tool call that is larger (at most 16Mi) is cut: texts and lists are shortened, images left out. JSON and structured content keep their form, and the result says so in a text and in `_meta["outrigger.dev/truncated"]`. A batch is never cut.',
    { sizes: { maxResponseBytes: "256Ki", onOversize: "Truncate" } },
  ],
  [
    "arguments.schema",
    "`Off`, `Audit`, `Enforce`",
    "`Off`",
    "Checks arguments against the tool's approved `inputSchema` (2020-12; formats are notes). A schema that points elsewhere, is very large, or has a pattern that could take time without bound can't be checked: then every call is refused.",
    { arguments: { schema: "Enforce" } },
  ],
  [
    "arguments.deny",
    "list of patterns",
    "none",
    "Refuses arguments that hold a secret of these patterns.",
    { arguments: { deny: ["AWSKey", "PEM"] } },
  ],
  [
    "results.redact",
    "list of at most 64 JSON pointers or patterns",
    "none",
    "Replaced in every message of the server before it leaves the pod. Pointers lead into `structuredContent` and into texts that are JSON (`*` is every entry of a list) and put a value of the same type there; patterns are looked for in every text. What can't be read is not let through.",
    { results: { redact: ["/user/email", "/items/*/token", "JWT"] } },
  ],
  [
    "pins.mode",
    "`Off`, `Audit`, `Enforce`",
    "`Audit`",
    "What becomes of a tool whose definition is not the approved one: told of in the feed, the log and `outrigger_sidecar_unapproved_tools`; under `Enforce` also withheld from lists and refused in calls.",
    { pins: { mode: "Enforce" } },
  ],
  ["pins.approved[].server", "text", "required", "The server's name.", approved],
  ["pins.approved[].tool", "text", "required", "The tool's own name.", approved],
  [
    "pins.approved[].digest",
    "`sha256:` and 64 digits",
    "required",
    "Of the definition: canonical JSON of name, title, description, inputSchema, outputSchema and annotations. The feed and the catalogue's REST interface tell it of every tool that is not approved.",
    approved,
  ],
  [
    "audit.arguments",
    "`Omit`, `Hash`, `Include`",
    "`Omit`",
    "What an audit line carries of arguments.",
    { audit: { arguments: "Hash" } },
  ],
  ["audit.results", "`Omit`, `Hash`, `Include`", "`Omit`", "The same of results.", { audit: { results: "Hash" } }],
  [
    "instructions",
    "`Keep`, `Drop`",
    "`Keep`",
    "`Drop`: the `instructions` in a server's answers to `initialize` and `server/discover` are taken out, and search does not read them. They are free text for models, and may name tools that policy hides.",
    { instructions: "Drop" },
  ],
];

/** All members, in the order of the page. */
export const policyFields: readonly PolicyField[] = rows.map(([path, form, fallback, meaning, example]) => ({
  ...{ path, form, fallback, meaning, example },
}));
