/** Rules of a policy document: who may use what by which method, and what a call's arguments must be like. Order is without meaning. */
import { parseGlob } from "@outrigger/api/values";
import {
  readArray,
  readFields,
  readGlobs,
  readName,
  readNamed,
  readText,
  readWord,
  readWords,
  type Fields,
  type Report,
} from "./read.ts";

/** The hints of a tool's annotations. Source: MCP schema, ToolAnnotations. */
const hintNames = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] as const;

/** One of {@link hintNames}. */
export type HintName = (typeof hintNames)[number];

/**
 * The methods that use a thing. Lists are not among them: what is listed follows from what may be used, else something could be
 * listed that can't be called.
 */
export const useMethods = [
  "tools/call",
  "prompts/get",
  "resources/read",
  "resources/subscribe",
  "resources/unsubscribe",
  "completion/complete",
  "subscriptions/listen",
] as const;

/** One of {@link useMethods}. */
export type UseMethod = (typeof useMethods)[number];

/** What a caller can be named by. */
const subjectWords = ["User", "Group", "ServiceAccount", "Claim", "Anonymous", "Any"] as const;

/** Whom a rule is about. `name` is a glob: of the user, the group, the account, or the claim's value. */
export interface RuleSubject {
  readonly kind: (typeof subjectWords)[number];
  readonly name?: string;
  /** Of a service account. */
  readonly namespace?: string;
  /** The claim whose value `name` is compared with. */
  readonly claim?: string;
}

/** One rule. Absent `tools`, `prompts` and `resources` together mean all three kinds; no methods mean all of them. */
export interface Rule {
  readonly name: string;
  readonly action: "Allow" | "Deny";
  readonly subjects: readonly RuleSubject[];
  readonly tools?: readonly string[];
  readonly prompts?: readonly string[];
  readonly resources?: readonly string[];
  readonly methods: readonly UseMethod[];
  readonly hints: Readonly<Partial<Record<HintName, boolean>>>;
  /** A CEL expression; it is compiled elsewhere (conditions.ts). */
  readonly when?: string;
}

/** Characters of one expression. */
const maxConditionChars = 2_048;

const ruleKeys = ["name", "action", "subjects", "tools", "prompts", "resources", "methods", "hints", "when"];

/** Reads `rules`. */
export function readRules(value: unknown, report: Report): Rule[] {
  return readNamed(value, report, { most: 64, read: readRule });
}

function readRule(value: unknown, report: Report): Rule {
  const fields = readFields(value, ruleKeys, report);
  const hints = readHints(fields["hints"], report.in("hints"));
  const when = readCondition(fields["when"], report.in("when"));
  const hasHints = Object.keys(hints).length > 0;
  if (hasHints && (fields["prompts"] !== undefined || fields["resources"] !== undefined))
    report.in("hints")("a rule about tools alone: prompts and resources have no hints");
  return {
    name: readName(fields["name"], report.in("name"), "so that a refused call can say which rule it met"),
    action: readAction(fields["action"], report.in("action")),
    subjects: readArray(fields["subjects"], report.in("subjects"), 64).map((item, index) =>
      readSubject(item, report.in("subjects").in(index)),
    ),
    ...readNames(fields, hasHints, report),
    methods: readMethods(fields["methods"], report.in("methods")),
    hints,
    ...(when === undefined ? {} : { when }),
  };
}

function readAction(value: unknown, report: Report): Rule["action"] {
  if (value === "RequireApproval") report('"Allow" or "Deny"; "RequireApproval" is not available yet, use "Deny"');
  else if (value === undefined) report('"Allow" or "Deny"');
  else return readWord(value, ["Allow", "Deny"], report) ?? "Deny";
  return "Deny";
}

function readNames(fields: Fields, hasHints: boolean, report: Report): Pick<Rule, "tools" | "prompts" | "resources"> {
  const kinds = (["tools", "prompts", "resources"] as const).filter((kind) => fields[kind] !== undefined);
  if (kinds.length === 0) return hasHints ? { tools: ["*"] } : {};
  return Object.fromEntries(kinds.map((kind) => [kind, readGlobs(fields[kind], report.in(kind))]));
}

function readMethods(value: unknown, report: Report): UseMethod[] {
  const items = readArray(value, report);
  const isList = items.some((item) => typeof item === "string" && item.endsWith("/list"));
  if (!isList) return readWords(items, useMethods, report);
  report(`methods that use something (${useMethods.join(", ")}); what is listed follows from what may be used`);
  return [];
}

function readHints(value: unknown, report: Report): Rule["hints"] {
  const fields = readFields(value, hintNames, report);
  const hints: Partial<Record<HintName, boolean>> = {};
  for (const name of hintNames) {
    const hint = fields[name];
    if (typeof hint === "boolean") hints[name] = hint;
    else if (hint !== undefined) report.in(name)("true or false");
  }
  return hints;
}

function readCondition(value: unknown, report: Report): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && value.trim() !== "" && value.length <= maxConditionChars) return value;
  report(`a CEL expression of at most ${maxConditionChars} characters`);
  return undefined;
}

/** The members that go with each kind; those in front are required. */
const subjectMembers: Readonly<Record<RuleSubject["kind"], readonly ("name" | "namespace" | "claim")[]>> = {
  User: ["name"],
  Group: ["name"],
  ServiceAccount: ["name", "namespace"],
  Claim: ["name", "claim"],
  Anonymous: [],
  Any: [],
};

function readSubject(value: unknown, report: Report): RuleSubject {
  const fields = readFields(value, ["kind", "name", "namespace", "claim"], report);
  if (fields["kind"] === undefined) report.in("kind")(subjectWords.map((word) => JSON.stringify(word)).join(" or "));
  const kind = readWord(fields["kind"], subjectWords, report.in("kind")) ?? "Any";
  const due = subjectMembers[kind];
  for (const member of ["name", "namespace", "claim"] as const) {
    const isGiven = fields[member] !== undefined;
    if (isGiven !== due.includes(member))
      report.in(member)(isGiven ? `nothing: ${kind} has none` : `a glob, for ${kind}`);
  }
  const texts = due.map((member) => [member, readText(fields[member], parseGlob, report.in(member)) ?? ""]);
  // Its members are those that the kind has, each a text.
  return { kind, ...(Object.fromEntries(texts) as Omit<RuleSubject, "kind">) };
}
