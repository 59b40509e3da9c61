/** The program: settings, start, one line that says where it listens, orderly end. Exit codes: 2 settings, 3 port taken, 1 else. */
import { hostname } from "node:os";
import { programErrors } from "@outrigger/api/errors";
import { describeSettings } from "@outrigger/runtime/config";
import { createLogger } from "@outrigger/runtime/logger";
import { createProcessHooks, installShutdown } from "@outrigger/runtime/shutdown";
import { startOperator } from "./operator.ts";
import { readOperatorSettings, settingTable } from "./settings.ts";
import { version } from "./version.ts";

/** Longest time in ms that ending may take. */
const graceMs = 20_000;

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  if (argv.includes("--help")) {
    process.stdout.write(`Usage: operator [options]\n\n${describeSettings(settingTable)}\n`);
    return;
  }
  // A pod's name is its own; on one host several may run.
  const read = readOperatorSettings({ argv, env: process.env, host: `${hostname()}-${process.pid}` });
  if (!read.ok) {
    process.stderr.write(`${programErrors.OUTRIGGER_ERR_CONFIG_INVALID.sentence}\n${read.problems.join("\n")}\n`);
    process.exit(programErrors.OUTRIGGER_ERR_CONFIG_INVALID.exitCode);
  }
  const { settings } = read;
  const logger = createLogger({ component: "operator", version, level: settings.logLevel });
  try {
    const { adminPort, wakePort, steps } = await startOperator(settings, logger);
    const exit = (code: number): void => process.exit(code);
    const hooks = createProcessHooks(process, { watchStdin: settings.watchStdin === "yes", exit });
    installShutdown({ steps, graceMs, hooks, logger });
    logger.info({ adminPort, wakePort }, "listening");
  } catch (error) {
    const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    const code = isTaken ? "OUTRIGGER_ERR_PORT_TAKEN" : "OUTRIGGER_ERR_START_FAILED";
    const { sentence, exitCode } = programErrors[code];
    process.stderr.write(`${sentence} ${error instanceof Error ? error.message : String(error)} (${code})\n`);
    process.exit(exitCode);
  }
}

void main();
