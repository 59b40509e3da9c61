/** The sidecar as a process: reads settings, starts, says where it listens, ends in order. The only file that knows process. */
import { createLogger } from "@outrigger/runtime/logger";
import { describeSettings, readSettings } from "@outrigger/runtime/config";
import { createProcessHooks, installShutdown } from "@outrigger/runtime/shutdown";
import { keepCallsYoung } from "./heap.ts";
import { readOptions } from "./options.ts";
import { settingTable } from "./settings.ts";
import { createSidecar } from "./sidecar.ts";
import { openTelemetry } from "./telemetry/telemetry.ts";
import { version } from "./version.ts";

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  if (argv.includes("--help")) {
    process.stdout.write(`outrigger sidecar [flags] [-- COMMAND ARGS...]\n\n${describeSettings(settingTable)}\n`);
    process.exit(0);
  }

  const read = readSettings(settingTable, { argv, env: process.env });
  const options = read.ok ? await readOptions(read.settings, process.env) : read;
  if (!options.ok) {
    for (const problem of options.problems) process.stderr.write(`outrigger sidecar: ${problem}\n`);
    process.exit(2);
  }

  const logger = createLogger({ component: "sidecar", version, level: options.options.logLevel });
  const telemetry = await openTelemetry(options.options, logger);
  if (!telemetry.ok) {
    for (const problem of telemetry.problems) process.stderr.write(`outrigger sidecar: ${problem}\n`);
    process.exit(2);
  }
  const sidecar = createSidecar(options.options, logger, telemetry.create);
  installShutdown({
    steps: sidecar.stopSteps,
    graceMs: options.options.drainMs + 10_000,
    logger,
    hooks: createProcessHooks(process, {
      watchStdin: options.options.watchStdin,
      exit: (code) => process.exit(code),
    }),
  });
  const started = await sidecar.start();
  if (!started.ok) {
    logger.error({ reason: started.code }, started.message);
    process.stderr.write(`outrigger sidecar: ${started.message}\n`);
    process.exit(3);
  }
}

keepCallsYoung();
void main();
