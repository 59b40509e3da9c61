/** The one place that knows pino: JSON lines on stdout, constant messages, data in fields, secrets redacted. */
import { destination as createDestination, pino, stdTimeFunctions, type DestinationStream, type Logger } from "pino";
import type { LogLevel } from "./program-settings.ts";

export type { Logger } from "pino";

/** Fields that are never written, wherever an object holds them. */
const redacted = ["authorization", "cookie", "token", "password", "secret", "headers.authorization", "headers.cookie"];

/**
 * Creates a program's logger. Writes synchronously, so that nothing is lost when a process ends.
 * Shape of a line: time (RFC 3339), level (word), component, version, msg, fields; errors under `err`.
 */
export function createLogger(options: {
  readonly component: string;
  readonly version: string;
  readonly level?: LogLevel;
  readonly destination?: DestinationStream;
}): Logger {
  return pino(
    {
      level: options.level ?? "info",
      base: { component: options.component, version: options.version },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      redact: { paths: redacted, censor: "[redacted]" },
    },
    options.destination ?? createDestination({ dest: 1, sync: true }),
  );
}
