/** The sidecar that is fuzzed: its bundle, with the flags that a pod gives it, and what can be seen of its process from outside. */
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleProgram } from "../../bundle/bundle.ts";
import { repositoryRoot } from "../../demo/stage/root.ts";
import { startProgram } from "../../fixtures/program.ts";
import { createSampleReader, type WorstSample } from "./process-samples.ts";

/** The heap's bounds in a pod (webhook/src/inject/build/environment.ts). */
const nodeFlags = ["--max-semi-space-size=2", "--max-old-space-size=64"];

/** What the image tells the allocator. */
const allocator: Readonly<Record<string, string>> = Object.fromEntries(
  [...readFileSync(join(repositoryRoot, "sidecar/Dockerfile"), "utf8").matchAll(/\b(MALLOC_\w+)=(\S+)/g)].map(
    ([, name = "", value = ""]) => [name, value],
  ),
);

const watcher = pathToFileURL(join(import.meta.dirname, "watch-process.ts")).href;

/** Short, so that what hangs is seen to end within a run; long enough for a machine that is busy with other things. */
const callTimeout = "20s";

/** A running sidecar. */
export interface DoorProcess {
  readonly port: number;
  readonly isRunning: () => boolean;
  /** What it wrote to its error output: always nothing, unless something went wrong. */
  readonly stderr: () => string;
  /** Lines of its log that are errors. */
  readonly errors: readonly string[];
  /** Memory that no file backs and that it holds, in MiB; undefined where the system does not tell. */
  readonly anonMiB: () => number | undefined;
  /** Open files and sockets; undefined where the system does not tell. */
  readonly handles: () => number | undefined;
  /** The worst that it saw of itself since this was last asked; undefined where too little time has gone by. */
  readonly worst: () => WorstSample | undefined;
  /** A metric without labels by its name behind `outrigger_sidecar_`. Rejects where the sidecar does not answer. */
  readonly gauge: (name: string) => Promise<number>;
  /** Puts another policy into force, which the sidecar notices by itself. */
  readonly setPolicy: (policy: object) => Promise<void>;
  /** Ends it; resolves to its exit code. */
  readonly stop: () => Promise<number | null>;
}

/** What a sidecar is started with. `folder` is for files that end with it. */
export interface DoorSettings {
  readonly upstreamPort: number;
  readonly folder: string;
  readonly policy: object;
}

interface Ports {
  readonly dataPort: number;
  readonly adminPort: number;
}

/** Bundles the sidecar and starts it. */
export async function startDoor({ upstreamPort, folder, policy }: DoorSettings): Promise<DoorProcess> {
  const bundle = await bundleProgram("sidecar", repositoryRoot, folder);
  const policyFile = join(folder, "policy.json");
  const setPolicy = (document: object): Promise<void> => writeFile(policyFile, JSON.stringify(document));
  await setPolicy(policy);
  const samples = join(folder, "samples.jsonl");
  await writeFile(samples, "");
  const errors: string[] = [];
  const listening = Promise.withResolvers<Ports>();
  const anywhere = ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  // Clients make the server fail here: what a breaker takes for an illness would be refused to the ordinary client too.
  const breaker = ["--circuit-breaker", "off"];
  const rest = [
    "--policy",
    policyFile,
    "--audit",
    "off",
    "--call-timeout",
    callTimeout,
    "--drain-seconds",
    "1",
    ...breaker,
  ];
  const upstream = ["--upstream", `http://127.0.0.1:${upstreamPort}/mcp`];
  const flags = [...nodeFlags, "--import", `${watcher}?file=${encodeURIComponent(samples)}`];
  const program = startProgram([process.execPath, ...flags, bundle, ...anywhere, ...upstream, ...rest], {
    env: { ...process.env, ...allocator },
    onLine: (line) => {
      const entry = parse(line);
      if (entry.msg === "listening") listening.resolve(entry as Ports);
      if (entry.level === "error") errors.push(line);
    },
  });
  const { dataPort, adminPort } = await program.whenReady(listening.promise);
  const { pid, isRunning, stderr, stop } = program;
  return {
    port: dataPort,
    isRunning,
    stderr,
    errors,
    anonMiB: () => readAnonMiB(pid),
    handles: () => readIfThere(() => readdirSync(`/proc/${pid}/fd`).length),
    worst: createSampleReader(samples),
    gauge: (name) => readGauge(adminPort, name),
    setPolicy,
    stop,
  };
}

/** A line of the log is JSON; what is not was not written by the log and is an error. */
function parse(line: string): Partial<Ports> & { readonly msg?: string; readonly level?: string } {
  try {
    return JSON.parse(line) as Partial<Ports>;
  } catch {
    return { level: "error" };
  }
}

function readAnonMiB(pid: number): number | undefined {
  const status = readIfThere(() => readFileSync(`/proc/${pid}/status`, "utf8")) ?? "";
  const kiB = /^RssAnon:\s+(\d+)/m.exec(status)?.[1];
  return kiB === undefined ? undefined : Number(kiB) / 1_024;
}

/** Linux tells; elsewhere, and of a process that has ended, there is nothing to read. */
function readIfThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

async function readGauge(adminPort: number, name: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/metrics`, { signal: AbortSignal.timeout(10_000) });
  const text = await answer.text();
  const value = new RegExp(`^outrigger_sidecar_${name} (\\S+)$`, "m").exec(text)?.[1];
  if (value === undefined) throw new Error(`the sidecar has no metric "outrigger_sidecar_${name}"`);
  return Number(value);
}
