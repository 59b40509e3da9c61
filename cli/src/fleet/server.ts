/**
 * One server of a run: its sidecar, kept alive, and what the sidecar's feed says. Folds both into one state for people.
 */
import type { ServerEntry } from "@outrigger/api/server-file";
import type { Exit } from "./child.ts";
import { followFeed, type ServerReport } from "./feed.ts";
import { keepAlive, type Ports, type RunState } from "./keep-alive.ts";
import type { LogLine } from "./log-line.ts";
import { buildSidecarSpec, sidecarDrainSeconds, type SidecarSurroundings } from "./sidecar-spec.ts";

/** How a server is. `failed`: its sidecar can't run at all. `tools` is undefined until it was listed once. */
export interface ServerState {
  readonly is: "starting" | "ready" | "degraded" | "dead" | "restarting" | "failed" | "stopped";
  readonly tools: number | undefined;
  readonly message: string;
}

/** What a server needs from the run. */
export interface ServerOptions {
  readonly surroundings: SidecarSurroundings;
  readonly policyFile: string;
  readonly onState: (state: ServerState) => void;
  /** The sidecar listens, at these or at other ports than before. */
  readonly onPlaced: () => void;
  readonly onLine: (line: LogLine) => void;
}

/** A server that is kept running. */
export interface KeptServer {
  readonly entry: () => ServerEntry;
  readonly state: () => ServerState;
  readonly ports: () => Ports | undefined;
  /** Resolves when the sidecar listens for the first time, or can't. */
  readonly placed: Promise<undefined>;
  /** Resolves when it is known how the server is: it answered, or it can't. */
  readonly settled: Promise<undefined>;
  /** Takes over an entry that differs only in what needs no restart. */
  readonly describe: (entry: ServerEntry) => void;
  readonly stop: () => Promise<void>;
  readonly kill: () => void;
}

/** A little more than the sidecar takes by itself. */
const graceMs = (sidecarDrainSeconds + 2) * 1000;
const invalidConfigurationCode = 2;

/** Starts the sidecar of one server and follows its feed. */
export function startServer(first: ServerEntry, options: ServerOptions): KeptServer {
  let entry = first;
  let ports: Ports | undefined;
  let state: ServerState = { is: "starting", tools: undefined, message: "" };
  let endFeed: (() => void) | undefined;
  const { promise: placed, resolve: settlePlace } = Promise.withResolvers<undefined>();
  const { promise: settled, resolve: settle } = Promise.withResolvers<undefined>();

  const change = (next: ServerState): void => {
    if (next.is === state.is && next.tools === state.tools && next.message === state.message) return;
    state = next;
    if (state.is !== "starting") settle(undefined);
    options.onState(state);
  };
  const place = (next: Ports): void => {
    const isSame = ports !== undefined && JSON.stringify(ports) === JSON.stringify(next);
    ports = next;
    endFeed?.();
    endFeed = followFeed(`http://127.0.0.1:${next["controlPort"]}`, (report) => change(foldReport(report)));
    if (!isSame) options.onPlaced();
    settlePlace(undefined);
  };
  const onRun = (run: RunState): void => {
    if (run.is === "listening") {
      place(run.ports);
      return;
    }
    if (run.is === "starting") return;
    endFeed?.();
    change(foldRun(run, state.tools));
    settlePlace(undefined);
  };
  const program = keepAlive({
    spec: (lastPorts) => buildSidecarSpec(entry, options.surroundings, { policyFile: options.policyFile, lastPorts }),
    onState: onRun,
    onLine: options.onLine,
    isFinal: (exit) => exit.code === invalidConfigurationCode,
    graceMs,
  });
  return {
    entry: () => entry,
    state: () => state,
    ports: () => ports,
    placed,
    settled,
    describe: (next) => {
      entry = next;
    },
    stop: program.stop,
    kill: program.kill,
  };
}

const wordOf = { Initializing: "starting", Ready: "ready", Degraded: "degraded", Dead: "dead" } as const;

function foldReport({ state, tools }: ServerReport): ServerState {
  const { health, catalogue } = state;
  const isListed = catalogue.reason === "CatalogueListed";
  const message = health.state !== "Ready" ? health.message : isListed ? "" : catalogue.message;
  return { is: wordOf[health.state], tools, message };
}

type Ended = Exclude<RunState, { is: "starting" } | { is: "listening" }>;

function foldRun(run: Ended, tools: number | undefined): ServerState {
  if (run.is === "stopped") return { is: "stopped", tools, message: "" };
  const message = explainExit(run.exit);
  return run.is === "given up"
    ? { is: "failed", tools: undefined, message }
    : { is: "restarting", tools, message: `${message}; again in ${(run.retryInMs / 1000).toFixed(1)} s` };
}

/** One line about why a program ended: its own last words where it had some. */
export function explainExit(exit: Exit, who = "the sidecar"): string {
  const words = exit.lastWords.findLast((line) => line.trim() !== "");
  return words === undefined ? `${who} ended (${exit.how})` : `${words.trim()} (${exit.how})`;
}
