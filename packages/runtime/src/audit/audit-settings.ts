/** Settings of programs that write audit lines: which decisions get one, and where lines go. Spread into a program's own table. */
import { parseText, type ParsedSetting, type SettingTable } from "../config.ts";

const auditModes = ["all", "refusals", "off"] as const;

/** Which decisions get a line. */
export type AuditMode = (typeof auditModes)[number];

/** The table's part. Who takes it in hands both values to `openAuditSink`. */
export const auditSettings = {
  audit: {
    flag: "audit",
    env: "OUTRIGGER_AUDIT",
    help: "which decisions get an audit line: all, refusals or off",
    parse: parseMode,
    fallback: "all" as const,
  },
  auditTo: {
    flag: "audit-to",
    env: "OUTRIGGER_AUDIT_TO",
    help: "where audit lines go: stdout, or a file that is appended to",
    parse: parseText,
    fallback: "stdout",
  },
} satisfies SettingTable;

function parseMode(text: string): ParsedSetting<AuditMode> {
  const value = auditModes.find((mode) => mode === text);
  return value === undefined ? { ok: false, expected: 'one of "all", "refusals", "off"' } : { ok: true, value };
}
