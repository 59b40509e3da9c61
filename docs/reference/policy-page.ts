/** The parts of the reference page of policy documents. Pure; its examples are put in force by a test. */
import { describeSecretPattern, secretPatternNames } from "@outrigger/policy";
import { policyFields } from "./policy-fields.ts";

type Table = (head: readonly string[], rows: readonly (readonly string[])[]) => string;

/** Policies for whole tasks, by title. A test puts each in force. */
export const policyExamples: Readonly<Record<string, string>> = {
  "Look, don't touch": `access: ReadOnly
resources: { deny: ["file:///etc/*"] }
pins: { mode: Enforce }`,
  "Write below one folder only": `rules:
  - name: only below /tmp
    action: Deny
    tools: [write_*]
    when: '!args.path.startsWith("/tmp/") || args.path.contains("..")'
arguments: { schema: Enforce, deny: [AWSKey, PEM, JWT] }`,
  "Keep personal data in the pod": `results: { redact: [/user/email, /items/*/phone, JWT, URLPassword] }
sizes: { maxResponseBytes: 256Ki, onOversize: Truncate }`,
  "Try a stricter policy first": `mode: Audit
defaultAction: Deny
tools: { allow: [read_*] }
limits: [{ name: all, rate: 60/m, per: [Caller] }]`,
};

const yaml = (text: string): string => `\`\`\`yaml\n${text}\n\`\`\``;

/** The page's parts behind its title. */
export function buildPolicyPage(table: Table): readonly string[] {
  return [
    "A policy document says what may be listed and called, how often, with which arguments, and what of the answers leaves the pod. The chart's value `policy` holds one for everybody, and under `namespaces` and `servers` further ones; `outrigger up` and `outrigger sidecar` take one from a file. Every document is a layer, and layers only narrow: each must consent. A member that is not known is refused.",
    "Where several layers speak of one thing, the strictest holds: the smallest size, the union of what is denied and redacted, `Enforce` before `Audit` before `Off`, `Reject` before `Truncate`, `Omit` before `Hash` before `Include`, `Drop` before `Keep`. A tool that several layers approve by digest needs all of them.",
    "## Members",
    table(
      ["member", "value", "default", "meaning"],
      policyFields.map(({ path, form, fallback, meaning }) => [`\`${path}\``, form, fallback, meaning]),
    ),
    "## What a caller sees",
    "What is denied by name, rule, read-only mode or pin looks absent: it is not listed, and a call of it gets the answer of a thing that does not exist. What is refused for its arguments stays listed, and the refusal says what to correct: a result with `isError` that names the argument, what was expected and what stood there, or the rule.",
    "## Conditions",
    "`when` is an expression of the [Common Expression Language](https://cel.dev) over `caller` (`kind`, `name`, `namespace`, `groups`, `claims`), `server.name`, `tool` (`kind`: tool, prompt or resource; `name`; `hints` of the approved definition) and `args`. Numbers in `args` are doubles. An expression that errs, because a member is missing, of another type or too large, or because nobody vouches for the caller that it names, makes an Allow not match and a Deny match.",
    "An expression has at most 2048 characters and 256 nodes; `matches` and one loop inside another are refused. Texts of arguments have at most 16384 characters, lists and objects 1000 entries, all together 10000 values: beyond that the expression errs. Arguments that policy looks at have at most 1 MiB, and a key may stand only once in an object, upper and lower case alike: decoders differ in which of two they take.",
    "A list can't know the arguments of a call to come. A rule whose `when` looks at `args` neither hides a tool or prompt nor, where it allows, is missed: a thing is listed if some call of it may pass. Methods that carry no arguments (`resources/read`, `completion/complete`, ...) have an empty `args`.",
    "A server may take `Path` for `path`. A rule about `args.path` does not see that; `arguments.schema: Enforce` with a schema that admits no further properties does.",
    "## Approved definitions",
    "`pins` hold a tool to its definition. Without `approved` entries for the server it is the definition that was seen first in the pod's life; with such entries those alone count, and a tool that they do not name is withheld too. Names, hints and schemas that policy reads are those of the approved definition, never of a later one. To learn digests, approve nothing yet: an entry with a made-up digest makes every tool of that server unapproved, and the feed tells their digests.",
    "A tool that the sidecar has not listed yet is not approved. So under `Enforce` a server that lists its tools only to clients with credentials of their own serves none of them.",
    "## Patterns of secrets",
    table(
      ["pattern", "what it finds"],
      secretPatternNames.map((name) => [`\`${name}\``, describeSecretPattern(name)]),
    ),
    "Patterns look at texts as they stand: what is compressed, encrypted or written in base64 is not looked into.",
    "## Examples",
    ...Object.entries(policyExamples).map(([title, text]) => `### ${title}\n\n${yaml(text)}`),
    "## Versions",
    "A sidecar refuses a document with a member that it does not know, and keeps the last good policy. So upgrade sidecars before a policy uses what is new. What is in force, and why a policy was refused, stands in the feed and in `/readyz?verbose`.",
    "## Not there yet",
    "`RequireApproval` and `approvalTimeout`, `limits[].bytes`, `pins.approval` and targets by label are members of the ToolPolicy kind to come; a document that has them is refused.",
  ];
}
