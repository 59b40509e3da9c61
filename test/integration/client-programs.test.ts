/** Client programs that are not ours, each with the file that `outrigger client-config` prints for it, on a real endpoint. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCommand } from "../demo/stage/command.ts";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { startFakeSidecar, type FakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { preparePythonSdk } from "../fixtures/python-sdk/install.ts";
import { installInspector } from "../fixtures/real-clients/inspector.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";

const run = promisify(execFile);
const folder = nameFileFolder("client-programs");
const python = fileURLToPath(new URL("../fixtures/python-sdk/stdio-client.py", import.meta.url));
let sidecar: FakeSidecar;
let aggregator: RunningAggregator;

beforeAll(async () => {
  sidecar = await startFakeSidecar("files");
  aggregator = await startAggregatorProgram({ files: sidecar.entry() }, ["--mode", "direct"]);
  await aggregator.ready();
}, 120_000);
afterAll(async () => {
  await aggregator.close();
  await sidecar.close();
});

/** What is printed for a client. */
async function print(client: string, ...args: readonly string[]): Promise<string> {
  const { code, out } = await runCommand(["client-config", "--client", client, "--endpoint", aggregator.url, ...args]);
  expect(code).toBe(0);
  return out;
}

interface StdioFile {
  readonly mcpServers: { readonly outrigger: { readonly command: string; readonly args: readonly string[] } };
}

it("F-180 the Python SDK's stdio client lists and calls by the entry that is printed for Claude Desktop", async () => {
  const { mcpServers } = JSON.parse(await print("claude-desktop")) as StdioFile;
  const args = [mcpServers.outrigger, "files__echo", { text: "schön" }].map((value) => JSON.stringify(value));
  const { stdout } = await run("python3", [python, ...args], { env: await preparePythonSdk(), timeout: 60_000 });
  expect(JSON.parse(stdout)).toEqual({ tools: ["files__echo"], text: '{"text":"schön"}' });
}, 240_000);

it("F-177 what is printed for Codex is TOML as Python's own reader reads it", async () => {
  const read = "import json, sys, tomllib; print(json.dumps(tomllib.loads(sys.argv[1])))";
  for (const args of [["--token-env", "TOKEN"], ["--stdio"]]) {
    const { stdout } = await run("python3", ["-c", read, await print("codex", ...args)]);
    const { outrigger } = (JSON.parse(stdout) as { mcp_servers: { outrigger: Record<string, unknown> } }).mcp_servers;
    const url = `${aggregator.url}/mcp`;
    if (args[0] === "--stdio") expect(outrigger["args"]).toEqual(expect.arrayContaining(["stdio", "--endpoint", url]));
    else expect(outrigger).toEqual({ url, bearer_token_env_var: "TOKEN" });
  }
});

it("F-177 the MCP Inspector lists and calls with the file that is printed, by HTTP and by stdio", async () => {
  const inspector = await installInspector();
  for (const [name, args] of [
    ["http", []],
    ["stdio", ["--stdio"]],
  ] as const) {
    const file = join(folder, `${name}.json`);
    writeFileSync(file, await print("generic", ...args));
    const ask = async (...asked: readonly string[]): Promise<unknown> => {
      const all = [inspector, "--cli", "--config", file, "--server", "outrigger", ...asked];
      return JSON.parse((await run(process.execPath, all, { timeout: 60_000 })).stdout);
    };
    expect(await ask("--method", "tools/list")).toMatchObject({ tools: [{ name: "files__echo" }] });
    const called = ["--method", "tools/call", "--tool-name", "files__echo", "--tool-arg", `text=${name}`];
    expect(await ask(...called)).toMatchObject({ content: [{ text: `{"text":"${name}"}` }] });
  }
}, 300_000);
