import { expect, it } from "vitest";
import { readSettings } from "./config.ts";
import { programSettings } from "./program-settings.ts";

const read = (argv: readonly string[], env: Record<string, string> = {}) =>
  readSettings({ ...programSettings }, { argv, env });

it("logs from info on and lives on without stdin, unless told otherwise", () => {
  expect(read([])).toMatchObject({ settings: { values: { logLevel: "info", watchStdin: "no" } } });
  expect(read(["--watch-stdin", "yes"], { OUTRIGGER_LOG_LEVEL: "debug" })).toMatchObject({
    settings: { values: { logLevel: "debug", watchStdin: "yes" } },
  });
});

it("says which flag or variable is wrong, what came and what was expected", () => {
  expect(read(["--watch-stdin", "true"], { OUTRIGGER_LOG_LEVEL: "INFO" })).toEqual({
    ok: false,
    problems: [
      'OUTRIGGER_LOG_LEVEL: expected one of "debug", "info", "warn", "error", got "INFO"',
      '--watch-stdin: expected one of "yes", "no", got "true"',
    ],
  });
});
