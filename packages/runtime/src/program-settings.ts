/** Settings that every program has: how much it logs, and whether it ends with its parent. Spread into a program's own table. */
import type { ParsedSetting, SettingTable } from "./config.ts";

const logLevels = ["debug", "info", "warn", "error"] as const;

/** How much is logged: the named level and those behind it. */
export type LogLevel = (typeof logLevels)[number];

/** The table's part. Who takes it in hands `logLevel` to the logger and `watchStdin` to the process hooks. */
export const programSettings = {
  logLevel: {
    flag: "log-level",
    env: "OUTRIGGER_LOG_LEVEL",
    help: "debug, info, warn or error",
    parse: (text: string) => parseOneOf(text, logLevels),
    fallback: "info" as const,
  },
  watchStdin: {
    flag: "watch-stdin",
    help: "yes: end when stdin closes",
    parse: (text: string) => parseOneOf(text, ["yes", "no"]),
    fallback: "no" as const,
  },
} satisfies SettingTable;

function parseOneOf<const W extends string>(text: string, words: readonly W[]): ParsedSetting<W> {
  const value = words.find((word) => word === text);
  if (value !== undefined) return { ok: true, value };
  return { ok: false, expected: `one of ${words.map((word) => JSON.stringify(word)).join(", ")}` };
}
