/** What a policy document says of the contents of calls: arguments, results, approved definitions, and what the audit line carries. */
import { parsePointer, type Pointer } from "../result/pointer.ts";
import { isSecretPattern, secretPatternNames, type SecretPatternName } from "../secrets.ts";
import { readArray, readFields, readName, readWord, readWords, type Report } from "./read.ts";

/** How something is checked: not at all, told and let through, or refused. */
export type CheckMode = "Off" | "Audit" | "Enforce";
const checkModes: readonly CheckMode[] = ["Off", "Audit", "Enforce"];

/** What of arguments or results an audit line carries. */
export type AuditDetail = "Omit" | "Hash" | "Include";
const auditDetails: readonly AuditDetail[] = ["Omit", "Hash", "Include"];

/** How arguments are checked. */
export interface ArgumentControls {
  readonly schema?: CheckMode;
  readonly deny: readonly SecretPatternName[];
}

/** What is replaced in results: places by JSON pointer, or whatever fits a pattern. */
export interface ResultControls {
  readonly redact: readonly (Pointer | SecretPatternName)[];
}

/** A definition that somebody approved. `digest`: sha256 in hex, without prefix. */
export interface ApprovedTool {
  readonly server: string;
  readonly tool: string;
  readonly digest: string;
}

/** Whether a changed definition is held back. */
export interface PinControls {
  readonly mode?: CheckMode;
  readonly approved: readonly ApprovedTool[];
}

/** What audit lines carry. */
export interface AuditControls {
  readonly arguments?: AuditDetail;
  readonly results?: AuditDetail;
}

/** Reads `arguments`. */
export function readArguments(value: unknown, report: Report): ArgumentControls {
  const fields = readFields(value, ["schema", "deny"], report);
  const schema = readWord(fields["schema"], checkModes, report.in("schema"));
  return {
    ...(schema === undefined ? {} : { schema }),
    deny: readWords(fields["deny"], secretPatternNames, report.in("deny")),
  };
}

/** Reads `results`. */
export function readResults(value: unknown, report: Report): ResultControls {
  const fields = readFields(value, ["redact"], report);
  const items = readArray(fields["redact"], report.in("redact"), 64);
  const redact = items.map((item, index) => readRedaction(item, report.in("redact").in(index)));
  return { redact: redact.filter((each) => each !== undefined) };
}

function readRedaction(value: unknown, report: Report): Pointer | SecretPatternName | undefined {
  if (typeof value === "string" && isSecretPattern(value)) return value;
  const pointer = typeof value === "string" ? parsePointer(value) : undefined;
  if (pointer === undefined) report(`a JSON pointer such as "/user/email", or one of ${secretPatternNames.join(", ")}`);
  return pointer;
}

/** Reads `pins`. */
export function readPins(value: unknown, report: Report): PinControls {
  const fields = readFields(value, ["mode", "approved"], report);
  const mode = readWord(fields["mode"], checkModes, report.in("mode"));
  const approved = readArray(fields["approved"], report.in("approved"), 1_024).map((item, index) =>
    readApproved(item, report.in("approved").in(index)),
  );
  return { ...(mode === undefined ? {} : { mode }), approved };
}

function readApproved(value: unknown, report: Report): ApprovedTool {
  const fields = readFields(value, ["server", "tool", "digest"], report);
  const digest = fields["digest"];
  const match = typeof digest === "string" ? /^sha256:([0-9a-f]{64})$/.exec(digest) : null;
  if (match === null) report.in("digest")('"sha256:" and 64 hexadecimal digits, as the feed tells them');
  return {
    server: readName(fields["server"], report.in("server"), "the server's"),
    tool: readName(fields["tool"], report.in("tool"), "the tool's own"),
    digest: match?.[1] ?? "",
  };
}

/** Reads `audit`. */
export function readAudit(value: unknown, report: Report): AuditControls {
  const fields = readFields(value, ["arguments", "results"], report);
  const ofArguments = readWord(fields["arguments"], auditDetails, report.in("arguments"));
  const results = readWord(fields["results"], auditDetails, report.in("results"));
  return {
    ...(ofArguments === undefined ? {} : { arguments: ofArguments }),
    ...(results === undefined ? {} : { results }),
  };
}
