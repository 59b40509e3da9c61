/** For tests: the misbehaving stdio server as upstream, its records, and waiting for conditions instead of for time. */
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { createLogger } from "@outrigger/runtime/logger";
import type { ChildEvent } from "../process/children.ts";
import { createSpawnSource, type ServerCommand, type SpawnOptions } from "../process/spawned.ts";
import type { StreamSource } from "../process/streams.ts";
import { createStdioUpstream, type StdioOptions, type StdioUpstream } from "../stdio-upstream.ts";

const program = fileURLToPath(new URL("../../../../test/fixtures/stdio-servers/server.ts", import.meta.url));
const modules = fileURLToPath(new URL("../../../../node_modules/", import.meta.url));

/** One event that the server recorded. */
export interface Recorded {
  readonly event: string;
  readonly pid: number;
  readonly method?: string;
  readonly id?: unknown;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly grandchild?: number;
  readonly line?: string;
}

/** A server under test with all that can be seen of it. */
export interface Fixture {
  readonly upstream: StdioUpstream;
  /** What the server recorded so far. */
  readonly records: () => readonly Recorded[];
  /** The parsed lines of our own log. */
  readonly logged: readonly Readonly<Record<string, unknown>>[];
  readonly events: readonly ChildEvent[];
}

/** A folder of the running test's own, removed when the test is over. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "outrigger-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What a test may set of the server, of where it runs, and of the upstream in front of it. */
export type FixtureOptions = Partial<
  StdioOptions &
    ServerCommand & { readonly stopWaitMs: number; readonly createSource: (options: SpawnOptions) => StreamSource }
>;

/** Starts nothing yet: the upstream starts the server when a test asks for it. `switches` are flags of the fixture server. */
export function createFixture(switches: readonly string[], options: FixtureOptions = {}): Fixture {
  const log = join(makeFolder(), "log");
  const logged: Record<string, unknown>[] = [];
  const events: ChildEvent[] = [];
  const destination = { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) };
  const { stopWaitMs = 300, createSource = createSpawnSource, ...given } = options;
  const server = { command: process.execPath, args: [program, "--log", log, ...switches], env: {}, ...given };
  const upstream = createStdioUpstream({
    source: createSource({ server, stopWaitMs }),
    maxSessions: 16,
    sessionIdleMs: 60_000,
    maxLineBytes: 4 * 1024 ** 2,
    restart: { minMs: 200, maxMs: 5_000 },
    random: randomUUID,
    now: () => performance.now(),
    logger: createLogger({ component: "test", version: "0", level: "debug", destination }),
    onChildEvent: (event) => events.push(event),
    ...given,
  });
  return { upstream, records: () => readRecords(log), logged, events };
}

/** What the server's processes have written; the last line may be half written yet, and does not count then. */
export function readRecords(log: string): Recorded[] {
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, "utf8").split("\n");
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Recorded);
}

/** Options for a server from the package registry, started by its entry file. */
export function packagedServer(path: string, ...args: string[]): FixtureOptions {
  return { args: [join(modules, path), ...args] };
}

/** Waits until a condition holds, and fails with its text after 30 s. */
export async function until(text: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${text}`);
    await delay(10);
  }
}

/** Says whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH: gone.
    return false;
  }
}
