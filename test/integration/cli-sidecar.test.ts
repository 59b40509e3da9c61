/** `outrigger sidecar`: the real program in the foreground, its output, signals and exit code passed through. */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { startEverything, type HttpServer } from "../demo/stage/http-servers.ts";
import { listDescendants, listProcesses } from "../demo/stage/processes.ts";
import { repositoryEnvironment, repositoryRoot } from "../demo/stage/root.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { runCommand } from "../demo/stage/command.ts";

const env = repositoryEnvironment();
let everything: HttpServer;
beforeAll(async () => {
  everything = await startEverything(env);
});
afterAll(() => everything.stop());

let child: ChildProcess | undefined;
afterEach(() => child?.kill("SIGKILL"));

const freePorts = ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--admin", "127.0.0.1:0"];

/** Starts the command and waits for its listening line. */
async function start(args: readonly string[]): Promise<{ pid: number; port: number; exited: Promise<number | null> }> {
  const script = join(repositoryRoot, "cli", "bin", "outrigger.js");
  const started = spawn(process.execPath, [script, "sidecar", ...freePorts, ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  child = started;
  const exited = new Promise<number | null>((resolve) => started.once("close", resolve));
  const port = await new Promise<number>((resolve) => {
    createInterface({ input: started.stdout }).on("line", (line) => {
      // The program's log: one JSON object per line.
      const { msg, dataPort } = JSON.parse(line) as { msg: string; dataPort?: number };
      if (msg === "listening") resolve(dataPort ?? 0);
    });
  });
  return { pid: started.pid!, port, exited };
}

async function initialize(port: number): Promise<string> {
  const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } };
  const response = await fetch(`http://127.0.0.1:${port}/mcp`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params }),
  });
  const text = await response.text();
  return text;
}

it("fronts a server that listens, and ends with exit code 0 on SIGTERM", async () => {
  const { pid, port, exited } = await start(["--upstream", everything.url]);
  expect(await initialize(port)).toContain("serverInfo");
  const [sidecar] = listDescendants(pid);
  process.kill(pid, "SIGTERM");
  expect(await exited).toBe(0);
  expect(listProcesses().some((each) => each.pid === sidecar?.pid)).toBe(false);
});

it("fronts a command behind --, with --stdio or without", async () => {
  const { port, pid, exited } = await start(["--stdio", "--", "mcp-server-memory"]);
  expect(await waitFor("an answer", async () => (await initialize(port)).includes("memory-server"), 20_000)).toBe(true);
  process.kill(pid, "SIGINT");
  expect(await exited).toBe(0);
});

it("takes the sidecar along when it is killed", async () => {
  const { pid } = await start(["--upstream", everything.url]);
  const below = listDescendants(pid).map((each) => each.pid);
  expect(below).not.toEqual([]);
  process.kill(pid, "SIGKILL");
  await waitFor("the sidecar to end", () => !listProcesses().some((each) => below.includes(each.pid)), 20_000);
});

it("keeps the program's own exit code and words", async () => {
  const wrong = await runCommand(["sidecar", "--upstream", "nowhere", "--no-such-flag", "x"]);
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain("--upstream: expected an address");
  expect(wrong.err).toContain("no-such-flag");
});
