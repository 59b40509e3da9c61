/**
 * All programs of one run: a sidecar per server and the aggregator over them. Carries out changes, keeps the generated files
 * in step, and tells every change of a server or of the endpoint. What is printed about it is not decided here.
 */
import type { ServerEntry } from "@outrigger/api/server-file";
import { setTimeout as delay } from "node:timers/promises";
import type { Change } from "../config/plan.ts";
import { startAggregator, type AggregatorState, type KeptAggregator } from "./aggregator.ts";
import type { CallerKeys } from "./caller-keys.ts";
import { policyFileName, writePolicyFile, writeServersFile } from "./generated.ts";
import type { LogLine } from "./log-line.ts";
import type { Programs } from "./program.ts";
import type { RunFolder } from "./run-folder.ts";
import { startServer, type KeptServer, type ServerState } from "./server.ts";

/** What a run needs. `env` and `cwd` are those of the programs. */
export interface FleetOptions {
  readonly programs: Programs;
  readonly folder: RunFolder;
  readonly callerKeys: CallerKeys;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly port: number;
  /** The file of API keys; undefined where nobody is asked who calls. */
  readonly apiKeys: string | undefined;
  /** Flags of the aggregator that say what its endpoints show. */
  readonly exposure: readonly string[];
  readonly logLevel: "debug" | "info";
  readonly events: FleetEvents;
}

/** What a run tells. `from` names the program that wrote a log line. */
interface FleetEvents {
  readonly onServer: (entry: ServerEntry, state: ServerState) => void;
  readonly onAggregator: (state: AggregatorState) => void;
  readonly onLine: (from: string, line: LogLine) => void;
}

/** The programs of a run. `stop` ends them in order; `kill` ends them at once, by force. */
export interface Fleet {
  readonly apply: (changes: readonly Change[]) => Promise<void>;
  /** Starts the endpoint once every sidecar has its ports or has failed. */
  readonly open: () => Promise<void>;
  readonly states: () => ReadonlyMap<string, ServerState>;
  readonly stop: () => Promise<void>;
  readonly kill: () => void;
}

const settleMs = 1_000;
const serversFile = "servers.json";

/** Creates a run without any program yet. */
export function createFleet(options: FleetOptions): Fleet {
  const { folder, events } = options;
  const servers = new Map<string, KeptServer>();
  let aggregator: KeptAggregator | undefined;
  let isStopping = false;

  const writeServers = (): string => {
    const placed = [...servers.values()].flatMap(({ entry, ports }) => {
      const known = ports();
      return known === undefined ? [] : [{ entry: entry(), ports: known }];
    });
    return folder.write(serversFile, writeServersFile(placed));
  };
  const start = (entry: ServerEntry): void => {
    const policyFile = folder.write(policyFileName(entry.name), writePolicyFile(entry));
    const surroundings = {
      start: options.programs.sidecar,
      env: options.env,
      cwd: options.cwd,
      logLevel: options.logLevel,
      assertionKeysFile: options.callerKeys.publicFile,
    };
    const server = startServer(entry, {
      surroundings,
      policyFile,
      onState: (state) => {
        if (servers.get(entry.name) === server) events.onServer(server.entry(), state);
      },
      onPlaced: () => void writeServers(),
      onLine: (line) => events.onLine(entry.name, line),
    });
    servers.set(entry.name, server);
    events.onServer(entry, server.state());
  };
  const stop = async (name: string): Promise<void> => {
    const server = servers.get(name);
    servers.delete(name);
    writeServers();
    await server?.stop();
  };
  const applyOne = async (change: Change): Promise<void> => {
    if (change.kind === "stop") {
      await stop(change.name);
      folder.removeFile(policyFileName(change.name));
      return;
    }
    const { entry, kind } = change;
    if (kind === "restart") await stop(entry.name);
    if (kind === "restart" || kind === "start") {
      start(entry);
      return;
    }
    servers.get(entry.name)?.describe(entry);
    folder.write(policyFileName(entry.name), writePolicyFile(entry));
    writeServers();
  };
  return {
    apply: async (changes) => {
      await Promise.all(changes.map(applyOne));
    },
    open: async () => {
      await Promise.all([...servers.values()].map((server) => server.placed));
      if (isStopping) return;
      aggregator = startAggregator({
        ...options,
        start: options.programs.aggregator,
        serversFile: writeServers(),
        assertionKeyFile: options.callerKeys.privateFile,
      });
      await aggregator.settled;
      // The aggregator waited for the servers already; what it knows reaches us by another way a moment later.
      await Promise.race([
        Promise.all([...servers.values()].map((server) => server.settled)),
        delay(settleMs, undefined, { ref: false }),
      ]);
    },
    states: () => new Map([...servers].map(([name, server]) => [name, server.state()])),
    stop: async () => {
      isStopping = true;
      await aggregator?.stop();
      await Promise.all([...servers.values()].map((server) => server.stop()));
    },
    kill: () => {
      aggregator?.kill();
      for (const server of servers.values()) server.kill();
    },
  };
}
