/** The real `outrigger up` as a child of the demo: its events while it comes up and while it runs, and its orderly end. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
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
  const args = [script, "up", ...own, ...flags];
  const child = spawn(process.execPath, args, { env: options.env, stdio: ["pipe", "pipe", "pipe"], detached: true });
  const servers = new Map<string, ServerView>();
  const history: { name: string; state: string; message: string }[] = [];
  const refusals: string[] = [];
  const ready = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<number>();
  const stop = (): Promise<number> => {
    child.kill("SIGTERM");
    return ended.promise;
  };
  options.onStarted(stop);
  let words = "";
  child.stdin.on("error", () => undefined);
  child.stderr.on("data", (chunk: Buffer) => (words += chunk.toString("utf8")));
  child.once("close", (code) => {
    ready.reject(new Error(`outrigger up ended (exit code ${code}): ${words.trim()}`));
    ended.resolve(code ?? 1);
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    // Our own command's output, one JSON object per line.
    const event = JSON.parse(line) as Fields;
    if (event["event"] === "ready") ready.resolve(String(event["endpoint"]));
    if (event["event"] === "refused") refusals.push(...readProblems(event["problems"]));
    if (event["event"] !== "server") return;
    const { name, view } = readServer(event);
    servers.set(name, view);
    history.push({ name, state: view.state, message: view.message });
    options.onServer(name, view);
  });
  const mcpUrl = await ready.promise;
  return {
    pid: child.pid ?? 0,
    mcpUrl,
    servers: () => servers,
    history: () => history,
    refusals: () => refusals,
    ended: ended.promise,
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
