/**
 * One run of `outrigger up` from the first program to the last: starts, opens, takes over changes of the file, ends in order.
 * What the file says is read by config/; what is printed is decided by the report.
 */
import type { ServerEntry } from "@outrigger/api/server-file";
import { generateKeyPair } from "@outrigger/runtime/jws";
import { planChanges } from "../config/plan.ts";
import type { ReadConfig } from "../config/read.ts";
import { watchConfig } from "../config/watch.ts";
import type { Host } from "../io.ts";
import type { UpReport } from "../output/up-report.ts";
import type { AggregatorState } from "./aggregator.ts";
import { explainExit } from "./server.ts";
import type { Exit } from "./child.ts";
import { writeCallerKeys } from "./caller-keys.ts";
import { createFleet, type Fleet, type FleetOptions } from "./fleet.ts";
import { createRunFolder, isProcessAlive, sweepRunFolders, type RunFolder } from "./run-folder.ts";

/** What a run needs. `readAgain` reads the file anew at each change. */
export interface RunOptions extends Omit<FleetOptions, "folder" | "callerKeys" | "events" | "programs"> {
  readonly host: Host;
  readonly report: UpReport;
  readonly config: { readonly path: string; readonly shown: string };
  readonly entries: readonly ServerEntry[];
  readonly readAgain: () => ReadConfig;
  readonly watchStdin: boolean;
}

/** How a run ended: it was asked to (`wasOpen` says whether the endpoint had come up), or the endpoint could not be opened. */
export type RunEnd =
  { readonly how: "asked"; readonly wasOpen: boolean } | { readonly how: "failed"; readonly exit: Exit };

/** Runs until something asks to end. A second signal ends everything by force. */
export async function runFleet(options: RunOptions): Promise<RunEnd> {
  const { host, report } = options;
  // Before there is anything that a signal would leave behind.
  const pair = await generateKeyPair();
  sweepRunFolders(host.tempFolder, isProcessAlive);
  const folder = createRunFolder(host.tempFolder, host.pid);
  const { promise: end, resolve: finish } = Promise.withResolvers<RunEnd>();
  const phase = { isOpen: false };
  const fleet = createFleet({
    ...options,
    folder,
    callerKeys: writeCallerKeys(folder, pair),
    programs: host.programs(),
    events: {
      onServer: report.onServer,
      onLine: report.onLine,
      onAggregator: (state) => {
        if (phase.isOpen) tellEndpoint(report, state);
        else if (state.is === "failed") finish({ how: "failed", exit: state.exit });
      },
    },
  });
  endWhenAsked({ options, fleet, folder, ask: () => finish({ how: "asked", wasOpen: phase.isOpen }) });

  report.onStart(options.config.shown, options.entries);
  await fleet.apply(planChanges([], options.entries));
  const opening = fleet.open().then(() => true);
  const isOpened = await Promise.race([opening, end.then(() => false)]);
  if (isOpened) {
    phase.isOpen = true;
    report.onOpened({
      mcpUrl: `http://127.0.0.1:${options.port}/mcp`,
      servers: fleet.states(),
      asksForKey: options.apiKeys !== undefined,
    });
  }
  const unwatch = isOpened ? followConfig(options, fleet) : undefined;
  const how = await end;
  unwatch?.();
  report.onStopping();
  await fleet.stop();
  folder.remove();
  report.onStopped();
  return how;
}

function endWhenAsked(run: {
  readonly options: RunOptions;
  readonly fleet: Fleet;
  readonly folder: RunFolder;
  readonly ask: () => void;
}): void {
  const { host } = run.options;
  let asked = 0;
  host.onSignal(() => {
    asked++;
    if (asked === 1) run.ask();
    else host.exit(130);
  });
  if (run.options.watchStdin) host.onStdinEnd(run.ask);
  // After an orderly end there is nothing left to end or remove; after a crash or a second signal there is.
  host.onExit(() => {
    run.fleet.kill();
    run.folder.remove();
  });
}

function tellEndpoint(report: UpReport, state: AggregatorState): void {
  if (state.is === "ready") report.onEndpoint(true, "answers again");
  if (state.is === "failed") report.onEndpoint(false, explainExit(state.exit, "the aggregator"));
  if (state.is === "restarting") {
    const seconds = (state.retryInMs / 1000).toFixed(1);
    report.onEndpoint(false, `${explainExit(state.exit, "the aggregator")}; again in ${seconds} s`);
  }
}

/** Takes over one change after the other; a file that can't be used changes nothing. */
function followConfig(options: RunOptions, fleet: Fleet): () => void {
  const { config, report } = options;
  let inForce = options.entries;
  let working = Promise.resolve();
  return watchConfig(config.path, () => {
    working = working.then(async () => {
      const read = options.readAgain();
      if (!read.ok) {
        report.onBadConfig(config.shown, read.problems);
        return;
      }
      const changes = planChanges(inForce, read.entries);
      inForce = read.entries;
      const name = (change: (typeof changes)[number]): string =>
        change.kind === "stop" ? change.name : change.entry.name;
      report.onReload(
        config.shown,
        changes.map((change) => `${change.kind} ${name(change)}`),
      );
      await fleet.apply(changes);
    });
  });
}
