/** Orderly end of a process: steps in order on SIGTERM, SIGINT or, where asked, when the parent closes stdin. */
import type { Logger } from "./logger.ts";

/** One step of the shutdown; it may take until `deadlineMs` of the whole. */
export interface ShutdownStep {
  readonly name: string;
  readonly run: () => Promise<void> | void;
}

/** What the process offers; passed in, so that a test can end nothing but itself. */
export interface ProcessHooks {
  readonly onSignal: (handler: (signal: string) => void) => void;
  readonly onParentGone?: (handler: () => void) => void;
  readonly exit: (code: number) => void;
}

/**
 * Runs the steps once, whatever asks first. A step that fails is logged and the next one runs.
 * After `graceMs` the process ends with code 1; a second signal ends it at once with code 130.
 */
export function installShutdown(options: {
  readonly steps: readonly ShutdownStep[];
  readonly graceMs: number;
  readonly hooks: ProcessHooks;
  readonly logger: Logger;
}): { readonly stop: (cause: string) => void } {
  let stopping = false;
  const { hooks, logger } = options;
  const run = async (cause: string): Promise<void> => {
    logger.info({ cause }, "stopping");
    const timer = setTimeout(() => {
      logger.error({ graceMs: options.graceMs }, "stopping took longer than allowed");
      hooks.exit(1);
    }, options.graceMs);
    for (const step of options.steps) {
      try {
        await step.run();
      } catch (error) {
        logger.error({ step: step.name, err: error }, "a shutdown step failed");
      }
    }
    clearTimeout(timer);
    logger.info("stopped");
    hooks.exit(0);
  };
  const stop = (cause: string): void => {
    if (stopping) return;
    stopping = true;
    void run(cause);
  };
  hooks.onSignal((signal) => {
    if (stopping) hooks.exit(130);
    else stop(signal);
  });
  hooks.onParentGone?.(() => stop("parent gone"));
  return { stop };
}

/** The hooks of a real process, made in main.ts. `watchStdin`: the end of stdin means that the parent is gone. */
export function createProcessHooks(
  process: NodeJS.Process,
  options: { readonly watchStdin: boolean; readonly exit: (code: number) => void },
): ProcessHooks {
  const hooks: ProcessHooks = {
    onSignal: (handler) => {
      for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => handler(signal));
    },
    exit: options.exit,
  };
  if (!options.watchStdin) return hooks;
  return {
    ...hooks,
    onParentGone: (handler) => {
      process.stdin.on("end", handler).on("error", handler).resume();
    },
  };
}
