import { words } from "@outrigger/api/words";
import { readSettings } from "@outrigger/runtime/config";
import { expect, it } from "vitest";
import { settingTable } from "./settings.ts";

it("takes every log level that the annotation allows", () => {
  for (const logLevel of words.logLevel) {
    const read = readSettings(settingTable, { argv: [], env: { OUTRIGGER_LOG_LEVEL: logLevel } });
    expect(read).toMatchObject({ ok: true, settings: { values: { logLevel } } });
  }
});
