/** The webhook as a process: reads settings, starts, says where it listens, ends in order. The only file that knows process. */
import { programErrors } from "@outrigger/api/errors";
import { describeSettings, readSettings } from "@outrigger/runtime/config";
import { createLogger } from "@outrigger/runtime/logger";
import { createProcessHooks, installShutdown } from "@outrigger/runtime/shutdown";
import { version } from "./inject/config.ts";
import { settingTable } from "./settings.ts";
import { finishMs, openWebhook, type StartFailure } from "./webhook.ts";

async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  if (argv.includes("--help")) {
    process.stdout.write(`outrigger webhook [flags]\n\n${describeSettings(settingTable)}\n`);
    process.exit(0);
  }

  const read = readSettings(settingTable, { argv, env: process.env });
  if (!read.ok) {
    for (const problem of read.problems) process.stderr.write(`outrigger webhook: ${problem}\n`);
    process.exit(programErrors.OUTRIGGER_ERR_CONFIG_INVALID.exitCode);
  }

  const { values } = read.settings;
  const logger = createLogger({ component: "webhook", version, level: values.logLevel });
  const opened = await openWebhook(values, logger);
  if (!opened.ok) fail(opened.failure);
  const { adminPort, serve, stopSteps } = opened.webhook;

  installShutdown({
    steps: stopSteps,
    graceMs: values.shutdownDelayMs + finishMs,
    logger,
    hooks: createProcessHooks(process, {
      watchStdin: values.watchStdin === "yes",
      exit: (code) => process.exit(code),
    }),
  });
  logger.info({ adminPort, certificates: values.certificates }, "answering for health");

  const serving = await serve();
  if (!serving.ok) fail(serving.failure);
  logger.info({ tlsPort: serving.tlsPort, adminPort, certificates: values.certificates }, "listening");
}

function fail({ code, problems }: StartFailure): never {
  for (const problem of problems) process.stderr.write(`outrigger webhook: ${problem} [${code}]\n`);
  process.exit(programErrors[code].exitCode);
}

void main();
