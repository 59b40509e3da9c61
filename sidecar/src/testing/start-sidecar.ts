/** For tests: the whole sidecar within the test's process, made from its settings on free ports; it ends with the test. */
import { createLogger } from "@outrigger/runtime/logger";
import { readSettings } from "@outrigger/runtime/config";
import { onTestFinished } from "vitest";
import { readOptions } from "../options.ts";
import { settingTable } from "../settings.ts";
import { createSidecar } from "../sidecar.ts";
import { openTelemetry } from "../telemetry/telemetry.ts";

/** A running sidecar: its ports, and the lines of its log. */
export interface StartedSidecar {
  readonly port: number;
  readonly controlPort: number;
  readonly adminPort: number;
  readonly logged: readonly Readonly<Record<string, unknown>>[];
  /** Ends it before the test does, step by step; `onStep` hears of each step that is about to run. */
  readonly stop: (onStep?: (name: string) => void | Promise<void>) => Promise<void>;
}

const freePorts = ["--listen", "0", "--control", "0", "--admin", "0", "--drain-seconds", "0"];

/** Starts it with these flags and variables. Rejects with what is wrong with them. */
export async function startSidecar(
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<StartedSidecar> {
  const read = readSettings(settingTable, { argv: [...freePorts, ...flags], env });
  const options = read.ok ? await readOptions(read.settings, env) : read;
  if (!options.ok) throw new Error(options.problems.join("\n"));
  const logged: Record<string, unknown>[] = [];
  // Each line is one JSON object by construction of the logger.
  const destination = { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) };
  const logger = createLogger({ component: "sidecar", version: "test", destination });
  const telemetry = await openTelemetry({ ...options.options, audit: "off" }, logger);
  if (!telemetry.ok) throw new Error(telemetry.problems.join("\n"));
  const sidecar = createSidecar(options.options, logger, telemetry.create);
  let stopping: Promise<void> | undefined;
  const stopAll = async (onStep: Parameters<StartedSidecar["stop"]>[0]): Promise<void> => {
    for (const step of sidecar.stopSteps) {
      await onStep?.(step.name);
      await step.run();
    }
  };
  const stop: StartedSidecar["stop"] = (onStep) => (stopping ??= stopAll(onStep));
  onTestFinished(() => stop());
  const bound = await sidecar.start();
  if (!bound.ok) throw new Error(bound.message);
  // The line of that message has the ports.
  const { controlPort, adminPort } = logged.find(({ msg }) => msg === "listening") as StartedSidecar & object;
  return { port: bound.port, controlPort, adminPort, logged, stop };
}
