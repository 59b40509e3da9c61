/** The program: settings, start, one line that says where it listens, orderly end. Exit codes: 2 settings, 3 port taken, 1 else. */
import { describeSettings } from "@outrigger/runtime/config";
import { createLogger } from "@outrigger/runtime/logger";
import { createProcessHooks, installShutdown } from "@outrigger/runtime/shutdown";
import { programErrors } from "@outrigger/api/errors";
import { startAggregator } from "./aggregator.ts";
import { EndpointFileError } from "./plan/open-file.ts";
import { readAggregatorSettings, settingTable } from "./settings.ts";
import { openTelemetry } from "./telemetry/telemetry.ts";
import { version } from "./version.ts";

/** Longest time in ms that ending may take. */
const graceMs = 25_000;

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  if (argv.includes("--help")) {
    process.stdout.write(
      `Usage: aggregator --servers FILE | --kube MODE [options]\n\n${describeSettings(settingTable)}\n`,
    );
    return;
  }
  const read = readAggregatorSettings({ argv, env: process.env });
  if (!read.ok) {
    process.stderr.write(`${programErrors.OUTRIGGER_ERR_CONFIG_INVALID.sentence}\n${read.problems.join("\n")}\n`);
    process.exit(programErrors.OUTRIGGER_ERR_CONFIG_INVALID.exitCode);
  }
  const { settings } = read;
  const logger = createLogger({ component: "aggregator", version, level: settings.logLevel });
  const telemetry = await openTelemetry(settings, logger);
  if (!telemetry.ok) {
    process.stderr.write(`${programErrors.OUTRIGGER_ERR_CONFIG_INVALID.sentence}\n${telemetry.problems.join("\n")}\n`);
    process.exit(programErrors.OUTRIGGER_ERR_CONFIG_INVALID.exitCode);
  }
  try {
    const { endpointPort, adminPort, steps } = await startAggregator(settings, logger, telemetry.opened);
    const exit = (code: number): void => process.exit(code);
    const hooks = createProcessHooks(process, { watchStdin: settings.watchStdin === "yes", exit });
    installShutdown({ steps, graceMs, hooks, logger });
    logger.info({ endpointPort, adminPort }, "listening");
  } catch (error) {
    const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    const isSettings = error instanceof EndpointFileError;
    const other = isSettings ? "OUTRIGGER_ERR_CONFIG_INVALID" : "OUTRIGGER_ERR_START_FAILED";
    const code = isTaken ? "OUTRIGGER_ERR_PORT_TAKEN" : other;
    const { sentence, exitCode } = programErrors[code];
    process.stderr.write(`${sentence} ${error instanceof Error ? error.message : String(error)} (${code})\n`);
    process.exit(exitCode);
  }
}

void main();
