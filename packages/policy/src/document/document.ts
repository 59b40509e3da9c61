/**
 * The policy document as people write it, and its strict reader. A document is one layer: layers only narrow each other.
 * Field names are those of the ToolPolicy kind, so that a file moves into a cluster unchanged.
 */
import type { FileProblem } from "@outrigger/api/server-file";
import {
  readArguments,
  readAudit,
  readPins,
  readResults,
  type ArgumentControls,
  type AuditControls,
  type PinControls,
  type ResultControls,
} from "./controls.ts";
import { readLimits, readSizes, type Limit, type Sizes } from "./limits.ts";
import { createReport, readFields, readGlobs, readWord, type Report } from "./read.ts";
import { readRules, type Rule } from "./rules.ts";

/** Which names are let through: deny wins; an absent allow list means all. */
export interface NameLists {
  readonly allow?: readonly string[];
  readonly deny: readonly string[];
}

/** One layer of policy. Sizes in bytes. */
export interface PolicyDocument {
  /** Audit decides, counts and tells, and lets pass. */
  readonly mode: "Enforce" | "Audit";
  readonly defaultAction: "Allow" | "Deny";
  /** ReadOnly: of tools only those that an approved definition declares to be read-only. */
  readonly access: "Any" | "ReadOnly";
  readonly tools: NameLists;
  readonly prompts: NameLists;
  readonly resources: NameLists;
  readonly rules: readonly Rule[];
  readonly limits: readonly Limit[];
  readonly sizes: Sizes;
  readonly arguments: ArgumentControls;
  readonly results: ResultControls;
  readonly pins: PinControls;
  readonly audit: AuditControls;
  /** Drop: what a server says of itself for models to read is kept from clients, since it may name what policy hides. */
  readonly instructions: "Keep" | "Drop";
  /** True for layers of annotations: their allow lists are no consent where the platform denies by default. No member of a document. */
  readonly onlyNarrows?: true;
}

/** The layer that consents to everything. */
export const openDocument: PolicyDocument = {
  mode: "Enforce",
  defaultAction: "Allow",
  access: "Any",
  tools: { deny: [] },
  prompts: { deny: [] },
  resources: { deny: [] },
  rules: [],
  limits: [],
  sizes: { perTool: [] },
  arguments: { deny: [] },
  results: { redact: [] },
  pins: { approved: [] },
  audit: {},
  instructions: "Keep",
};

/** The members of a document, in the order in which they are documented. */
const documentKeys = Object.keys(openDocument);

/** Result of reading a document: the layer, or every problem with its path. */
export type ReadDocument =
  | { readonly ok: true; readonly document: PolicyDocument }
  | { readonly ok: false; readonly problems: readonly FileProblem[] };

/**
 * Reads one policy document from a parsed value. Unknown keys are refused: a typo must not look like a control.
 * Conditions (`rules[].when`) are read as text; `checkConditions` of `@outrigger/policy/conditions` says whether they can be used.
 */
export function parsePolicyDocument(value: unknown): ReadDocument {
  const problems: FileProblem[] = [];
  const report = createReport([], problems);
  const fields = readFields(value, documentKeys, report);
  const at = <T>(key: keyof PolicyDocument, read: (value: unknown, report: Report) => T): T =>
    read(fields[key], report.in(key));
  const document: PolicyDocument = {
    mode: readWord(fields["mode"], ["Enforce", "Audit"], report.in("mode")) ?? "Enforce",
    defaultAction: readWord(fields["defaultAction"], ["Allow", "Deny"], report.in("defaultAction")) ?? "Allow",
    access: readWord(fields["access"], ["Any", "ReadOnly"], report.in("access")) ?? "Any",
    tools: at("tools", readLists),
    prompts: at("prompts", readLists),
    resources: at("resources", readLists),
    rules: at("rules", readRules),
    limits: at("limits", readLimits),
    sizes: at("sizes", readSizes),
    arguments: at("arguments", readArguments),
    results: at("results", readResults),
    pins: at("pins", readPins),
    audit: at("audit", readAudit),
    instructions: readWord(fields["instructions"], ["Keep", "Drop"], report.in("instructions")) ?? "Keep",
  };
  return problems.length === 0 ? { ok: true, document } : { ok: false, problems };
}

function readLists(value: unknown, report: Report): NameLists {
  const fields = readFields(value, ["allow", "deny"], report);
  const deny = readGlobs(fields["deny"], report.in("deny"));
  return fields["allow"] === undefined ? { deny } : { allow: readGlobs(fields["allow"], report.in("allow")), deny };
}
