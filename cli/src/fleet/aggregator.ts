/** The aggregator of a run: kept alive on one fixed port, and asked whether it is ready. */
import { setTimeout as delay } from "node:timers/promises";
import type { Exit } from "./child.ts";
import { keepAlive, portTakenCode, type RunState } from "./keep-alive.ts";
import type { LogLine } from "./log-line.ts";
import type { CommandStart } from "./program.ts";
import { withoutOurs } from "./sidecar-spec.ts";

/** How the endpoint is. `ready`: it is open, and has waited for its servers as long as it should. `failed` is final: its port is taken, or its settings are wrong. */
export type AggregatorState =
  | { readonly is: "starting" }
  | { readonly is: "ready"; readonly port: number }
  | { readonly is: "restarting"; readonly exit: Exit; readonly retryInMs: number }
  | { readonly is: "failed"; readonly exit: Exit }
  | { readonly is: "stopped" };

/** What the aggregator is started with. */
export interface AggregatorOptions {
  readonly start: CommandStart;
  readonly serversFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly port: number;
  /** The file with the private key that vouches for callers to the sidecars. */
  readonly assertionKeyFile: string;
  /** The file of API keys; absent where nobody is asked who calls. */
  readonly apiKeys?: string | undefined;
  /** Flags that say what its endpoints show. */
  readonly exposure: readonly string[];
  readonly logLevel: "debug" | "info";
  readonly events: {
    readonly onAggregator: (state: AggregatorState) => void;
    readonly onLine: (from: string, line: LogLine) => void;
  };
}

/** The running aggregator. `settled` resolves when it is ready for the first time, or has failed for good. */
export interface KeptAggregator {
  readonly settled: Promise<undefined>;
  readonly stop: () => Promise<void>;
  readonly kill: () => void;
}

const graceMs = 5_000;
const askEveryMs = 150;
const patienceMs = 10_000;
const invalidConfigurationCode = 2;

/** Starts the aggregator over a generated servers file. */
export function startAggregator(options: AggregatorOptions): KeptAggregator {
  const { events } = options;
  const { promise: settled, resolve: settle } = Promise.withResolvers<undefined>();
  let asking: AbortController | undefined;
  let hasListened = false;
  const tell = (state: AggregatorState): void => {
    events.onAggregator(state);
    if (state.is !== "starting" && state.is !== "restarting") settle(undefined);
  };
  const program = keepAlive({
    spec: () => ({
      start: options.start,
      args: [
        ...["--listen", `127.0.0.1:${options.port}`, "--admin", "127.0.0.1:0", "--servers", options.serversFile],
        ...["--assertion-key", options.assertionKeyFile, ...nameCallers(options.apiKeys)],
        ...[...options.exposure, "--log-level", options.logLevel, "--watch-stdin", "yes"],
      ],
      env: withoutOurs(options.env),
      cwd: options.cwd,
    }),
    onState: (run) => {
      asking?.abort();
      tell(foldRun(run));
      if (run.is !== "listening") return;
      hasListened = true;
      const port = run.ports["endpointPort"] ?? options.port;
      asking = new AbortController();
      void waitUntilReady(port, asking.signal).then((isReady) => {
        if (isReady) tell({ is: "ready", port });
      });
    },
    onLine: (line) => events.onLine("aggregator", line),
    // A port that was ours before is worth waiting for; one that was never ours is somebody else's.
    isFinal: (exit) => exit.code === invalidConfigurationCode || (exit.code === portTakenCode && !hasListened),
    graceMs,
  });
  return { settled, stop: program.stop, kill: program.kill };
}

/** Who can connect to loopback runs on this machine, as the servers do: without a file of keys nobody is asked. */
function nameCallers(apiKeys: string | undefined): readonly string[] {
  return apiKeys === undefined ? ["--auth", "none"] : ["--auth", "api-key", "--api-keys", apiKeys];
}

function foldRun(run: RunState): AggregatorState {
  switch (run.is) {
    case "starting":
    case "listening":
      return { is: "starting" };
    case "waiting":
      return { is: "restarting", exit: run.exit, retryInMs: run.retryInMs };
    case "given up":
      return { is: "failed", exit: run.exit };
    case "stopped":
      return { is: "stopped" };
  }
}

/** Waits for servers, but not for ever: the endpoint serves those that are there, and one that is away must not hide it. */
async function waitUntilReady(port: number, signal: AbortSignal): Promise<boolean> {
  const endMs = performance.now() + patienceMs;
  while (!signal.aborted && performance.now() < endMs) {
    if (await isReady(port, signal)) return true;
    await delay(askEveryMs, undefined, { signal }).catch(() => undefined);
  }
  return !signal.aborted;
}

async function isReady(port: number, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
