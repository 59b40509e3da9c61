/**
 * Keeps one program running: starts it, and starts it again after a pause when it ends by itself.
 * An exit that repeating can't mend (wrong configuration, a port that must be this one) is final.
 */
import { restartBounds, restartDelayMs } from "./backoff.ts";
import { startChild, type Child, type ChildSpec, type Exit } from "./child.ts";
import type { LogLine } from "./log-line.ts";

/** Ports by name, as the program told them. */
export type Ports = Readonly<Record<string, number>>;

/** Where a program is. `given up` stays until it is stopped. */
export type RunState =
  | { readonly is: "starting" }
  | { readonly is: "listening"; readonly ports: Ports }
  | { readonly is: "waiting"; readonly exit: Exit; readonly retryInMs: number }
  | { readonly is: "given up"; readonly exit: Exit }
  | { readonly is: "stopped" };

/** What to run and whom to tell. `spec` is asked before every start and gets the ports of the last run, so that they can stay. */
export interface KeepAliveOptions {
  readonly spec: (lastPorts: Ports | undefined) => ChildSpec;
  readonly onState: (state: RunState) => void;
  readonly onLine: (line: LogLine) => void;
  /** Whether an exit is final. */
  readonly isFinal: (exit: Exit) => boolean;
  readonly graceMs: number;
}

/** A program that is kept running. `stop` resolves when it has ended. */
export interface KeptProgram {
  readonly pid: () => number | undefined;
  readonly stop: () => Promise<void>;
  readonly kill: () => void;
}

/** The exit code of a program that could not bind a port. */
export const portTakenCode = 3;

/** Starts a program and keeps it running until it is stopped. */
export function keepAlive(options: KeepAliveOptions): KeptProgram {
  let child: Child | undefined;
  let timer: NodeJS.Timeout | undefined;
  let lastPorts: Ports | undefined;
  let attempt = 0;
  let isStopping = false;
  const { promise: stopped, resolve: finish } = Promise.withResolvers<undefined>();

  const onExit = (exit: Exit, startedMs: number): void => {
    child = undefined;
    if (isStopping) {
      finish(undefined);
      return;
    }
    if (options.isFinal(exit)) {
      options.onState({ is: "given up", exit });
      return;
    }
    // Somebody else took the port while the program was down: any free one will do.
    if (exit.code === portTakenCode) lastPorts = undefined;
    if (performance.now() - startedMs > restartBounds.calmMs) attempt = 0;
    const retryInMs = restartDelayMs(attempt++, Math.random());
    options.onState({ is: "waiting", exit, retryInMs });
    timer = setTimeout(start, retryInMs);
  };
  const start = (): void => {
    const startedMs = performance.now();
    options.onState({ is: "starting" });
    child = startChild(options.spec(lastPorts), {
      onListening: (ports) => {
        lastPorts = ports;
        options.onState({ is: "listening", ports });
      },
      onLine: options.onLine,
      onExit: (exit) => onExit(exit, startedMs),
    });
  };
  start();
  return {
    pid: () => child?.pid,
    kill: () => child?.kill(),
    stop: async () => {
      if (!isStopping) {
        isStopping = true;
        clearTimeout(timer);
        if (child === undefined) finish(undefined);
        else child.stop(options.graceMs);
        await stopped;
        options.onState({ is: "stopped" });
      }
      await stopped;
    },
  };
}
