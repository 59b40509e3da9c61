/** The real `outrigger up` as a child of the demo: its events while it comes up and while it runs, and its orderly end. */
import { join } from "node:path";
import { startProgram } from "../../fixtures/program.ts";
import type { DemoEnvironment } from "./http-servers.ts";

/** How a server was last told to be. */
export interface ServerView {
  readonly state: string;
  readonly tools: number | undefined;
  readonly message: string;
}

/** The running command. `history` holds every state of every server in the order it was told. */
export interface Outrigger {
  readonly pid: number;
  readonly mcpUrl: string;
  readonly servers: () => ReadonlyMap<string, ServerView>;
  readonly history: () => readonly { readonly name: string; readonly state: string; readonly message: string }[];
  /** Problems of a changed file that was not taken over, each as line and message. */
  readonly refusals: () => readonly string[];
  /** Resolves when it has ended, to its exit code. */
  readonly stop: () => Promise<number>;
  readonly ended: Promise<number>;
}

const script = join(import.meta.dirname, "..", "..", "..", "cli", "bin", "outrigger.js");

type Fields = Readonly<Record<string, unknown>>;

/** Starts the command and waits until its endpoint is open. `onServer` is told of each server as it comes. */
export async function startOutrigger(options: {
  readonly config: string;
  readonly port: number;
  readonly env: DemoEnvironment;
  /** Further flags. */
  readonly flags?: readonly string[];
  readonly onServer: (name: string, view: ServerView) => void;
  /** Told as soon as there is something to stop. */
  readonly onStarted: (stop: () => Promise<number>) => void;
}): Promise<Outrigger> {
  const { config, port, flags = [] } = options;
  const own = ["--config", config, "--port", String(port), "-o", "json", "--watch-stdin"];
  const servers = new Map<string, ServerView>();
  const history: { name: string; state: string; message: string }[] = [];
  const refusals: string[] = [];
  const ready = Promise.withResolvers<string>();
  const onLine = (line: string): void => {
    // Our own command's output, one JSON object per line.
    const event = JSON.parse(line) as Fields;
    if (event["event"] === "ready") ready.resolve(String(event["endpoint"]));
    if (event["event"] === "refused") refusals.push(...readProblems(event["problems"]));
    if (event["event"] !== "server") return;
    const { name, view } = readServer(event);
    servers.set(name, view);
    history.push({ name, state: view.state, message: view.message });
    options.onServer(name, view);
  };
  const command = [process.execPath, script, "up", ...own, ...flags];
  const program = startProgram(command, { env: options.env, detached: true, onLine, endWithinMs: 20_000 });
  const stop = async (): Promise<number> => (await program.stop()) ?? 1;
  options.onStarted(stop);
  const mcpUrl = await program.whenReady(ready.promise, 120_000);
  return {
    pid: program.pid,
    mcpUrl,
    servers: () => servers,
    history: () => history,
    refusals: () => refusals,
    ended: program.ended.then((code) => code ?? 1),
    stop,
  };
}

function readServer(event: Fields): { readonly name: string; readonly view: ServerView } {
  const tools = typeof event["tools"] === "number" ? event["tools"] : undefined;
  return {
    name: String(event["name"]),
    view: { state: String(event["state"]), tools, message: String(event["message"]) },
  };
}

function readProblems(problems: unknown): string[] {
  const list: readonly Fields[] = Array.isArray(problems) ? problems : [];
  return list.map((problem) => `${String(problem["line"])} ${String(problem["message"])}`);
}
