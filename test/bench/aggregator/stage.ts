/**
 * What the cases stand on: the aggregator as its image holds it, on the last core, over servers that cost next to nothing, on the first. What
 * a case starts ends with the case.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startAggregatorProgram, type RunningAggregator } from "../../fixtures/aggregator.ts";
import { startFakeControl } from "../../fixtures/fake-sidecar/control.ts";
import { makeTool } from "../../fixtures/fake-sidecar/sidecar.ts";
import { bundleEntry, bundleProgram } from "../../bundle/bundle.ts";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { moveToCore } from "../sidecar/cores.ts";

const repositoryRoot = fileURLToPath(new URL("../../..", import.meta.url));

/** Ends what was started, the last first. */
export type Ends = (() => Promise<unknown>)[];

/** How an aggregator is started. `collected`: its garbage can be collected from outside. */
interface Start {
  readonly flags?: readonly string[];
  readonly nodeFlags?: readonly string[];
  readonly collected?: boolean;
}

/** An aggregator that is measured. */
export interface Measured extends RunningAggregator {
  /** Collects its garbage; where it was not started for that it rejects. */
  readonly collect: () => Promise<void>;
}

/** The stage of one run. */
export interface AggregatorStage {
  readonly folder: string;
  /** Starts an aggregator over the servers of an mcp.json, in direct mode; without servers it needs a source in its flags. */
  readonly start: (servers: Readonly<Record<string, object>> | undefined, start?: Start) => Promise<Measured>;
  /** Follows a program beside the aggregators that is measured, too. */
  readonly follow: (pid: number) => void;
  /** Process ids of all that is measured now. */
  readonly pids: () => readonly number[];
  /** What a case has started. */
  readonly ends: Ends;
  /** Ends what a case has started. */
  readonly clear: () => Promise<void>;
  readonly ended: () => readonly string[];
  readonly close: () => Promise<void>;
}

/** Opens the stage; who opened it closes it. */
export async function openStage(): Promise<AggregatorStage> {
  const folder = await mkdtemp(join(tmpdir(), "outrigger-bench-"));
  const program = await bundleProgram("aggregator", repositoryRoot, folder);
  const collector = join(folder, "collected.cjs");
  await bundleEntry(fileURLToPath(new URL("../webhook/programs/collected.ts", import.meta.url)), collector);
  const pids = new Set<number>();
  const ends: Ends = [];
  const clear = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
    pids.clear();
  };
  const start = async (
    servers: Readonly<Record<string, object>> | undefined,
    { flags = [], nodeFlags = [], collected = false }: Start,
  ): Promise<Measured> => {
    const heapPort = collected ? await findFreePort() : 0;
    const launch = {
      program,
      nodeFlags: [...nodeFlags, ...(collected ? ["--expose-gc", "--require", collector] : [])],
      env: { BENCH_HEAP_PORT: String(heapPort) },
    };
    const aggregator = await startAggregatorProgram(servers, ["--mode", "direct", ...flags], launch);
    ends.push(() => aggregator.close());
    pids.add(aggregator.pid);
    moveToCore(aggregator.pid, "last");
    await aggregator.ready();
    return { ...aggregator, collect: () => collect(heapPort) };
  };
  return {
    folder,
    start: (servers, how = {}) => start(servers, how),
    follow: (pid) => {
      pids.add(pid);
      moveToCore(pid, "last");
    },
    pids: () => [...pids],
    ends,
    clear,
    ended: () => [],
    close: async () => {
      await clear();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function collect(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.write("\n");
  await once(socket, "data");
  socket.destroy();
}

/** Fake sidecars of servers `s0`, `s1`, …, each with so many tools, as entries of an mcp.json. `originOf`: where calls go. */
export async function startServers(
  { count, tools }: { readonly count: number; readonly tools: number },
  originOf: (at: number) => string,
  ends: Ends,
): Promise<Readonly<Record<string, object>>> {
  const listed = Array.from({ length: tools }, (_none, at) => makeTool(`tool_${at}`, describe(at)));
  const entries: [string, object][] = [];
  for (let at = 0; at < count; at++) {
    const control = await startFakeControl(`s${at}`);
    control.tell({ era: "modern", protocolVersion: "2026-07-28" });
    control.list(listed);
    ends.push(() => control.close());
    entries.push([`s${at}`, { url: originOf(at), outrigger: { control: control.url } }]);
  }
  return Object.fromEntries(entries);
}

/** With it a definition has about 300 bytes, as those of real servers have. */
const describe = (at: number): string =>
  `Does what tool ${at} is for: reads the record that the text names, follows its links as far as they lead to others of the same owner, and gives each with the time of its last change.`;
