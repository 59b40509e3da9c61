/** Ten real servers of npm and PyPI behind `outrigger up`, and real clients of every kind that runs offline, at endpoints of each mode. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDemoFolder, type DemoFolder } from "../demo/stage/folder.ts";
import { startContext7, startEverything, type HttpServer } from "../demo/stage/http-servers.ts";
import { startOutrigger, type Outrigger } from "../demo/stage/outrigger.ts";
import { repositoryEnvironment, repositoryRoot } from "../demo/stage/root.ts";
import { installPackage } from "../fixtures/npm-package.ts";
import { preparePythonSdk } from "../fixtures/python-sdk/install.ts";
import { installInspector, useInspector } from "../fixtures/real-clients/inspector.ts";
import { useMcpRemote } from "../fixtures/real-clients/mcp-remote.ts";
import { useOlderPython, useOlderSdk, usePython, useSdk } from "../fixtures/real-clients/sdk.ts";
import type { UseClient } from "../fixtures/real-clients/use.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";

const folder = nameFileFolder("real-clients");
const cache = join(repositoryRoot, ".cache", "client-programs");
const searchTools = ["call_tool", "describe_tool", "find_tool", "list_servers"];
let demo: DemoFolder;
let httpServers: readonly HttpServer[] = [];
let outrigger: Outrigger;

/** Ten servers: five of npm and two of PyPI over stdio, one of npm over stdio with a database, two that listen themselves. */
async function listServers(env: NodeJS.ProcessEnv): Promise<Record<string, unknown>> {
  const [everything, docs] = await Promise.all([startEverything(env), startContext7(env)]);
  httpServers = [everything, docs];
  const dbhub = await installPackage(cache, "@bytebase/dbhub", "1.4.0");
  const { PYTHONPATH } = await preparePythonSdk();
  const python = (module: string, ...args: readonly string[]) => ({
    ...{ command: "python3", args: ["-m", module, ...args], env: { PYTHONPATH } },
  });
  return {
    files: { command: "mcp-server-filesystem", args: [demo.files] },
    git: {
      command: "git-mcp-server",
      env: { MCP_TRANSPORT_TYPE: "stdio", MCP_LOG_LEVEL: "error", GIT_BASE_DIR: demo.repository },
    },
    memory: { command: "mcp-server-memory", env: { MEMORY_FILE_PATH: join(folder, "memory.jsonl") } },
    thinking: { command: "mcp-server-sequential-thinking" },
    pdf: { command: "mcp-pdf-server", args: ["--stdio"] },
    database: { command: join(dbhub, "node_modules/.bin/dbhub"), args: ["--transport", "stdio", "--demo"] },
    time: python("mcp_server_time"),
    pygit: python("mcp_server_git", "--repository", demo.repository),
    everything: { url: everything.url },
    docs: { url: docs.url },
  };
}

const endpoints = {
  direct: { servers: ["*"], exposure: { mode: "direct" } },
  hybrid: { servers: ["*"], exposure: { mode: "hybrid", pinned: ["everything__echo"] } },
};

beforeAll(async () => {
  mkdirSync(join(folder, "home"), { recursive: true });
  demo = createDemoFolder();
  const env = repositoryEnvironment();
  const [mcpServers] = await Promise.all([listServers(env), installInspector()]);
  const config = join(folder, "mcp.json");
  writeFileSync(config, JSON.stringify({ mcpServers }));
  writeFileSync(join(folder, "endpoints.json"), JSON.stringify({ endpoints }));
  outrigger = await startOutrigger({
    ...{ config, env, port: await findFreePort(), flags: ["--endpoints", join(folder, "endpoints.json")] },
    ...{ onServer: () => undefined, onStarted: () => undefined },
  });
}, 600_000);
afterAll(async () => {
  await outrigger.stop();
  await Promise.all(httpServers.map((server) => server.stop()));
  demo.remove();
});

it("F-017 ten real servers of npm and PyPI come up behind one endpoint, with more than a hundred tools", () => {
  const states = [...outrigger.servers()].map(([name, { state }]) => `${name} ${state}`);
  expect(states.toSorted()).toEqual(
    ["database", "docs", "everything", "files", "git", "memory", "pdf", "pygit", "thinking", "time"].map(
      (name) => `${name} ready`,
    ),
  );
  const tools = [...outrigger.servers().values()].reduce((sum, { tools: own = 0 }) => sum + own, 0);
  expect(tools).toBeGreaterThan(90);
});

const clients: readonly (readonly [name: string, use: UseClient])[] = [
  ["SDK v1", useSdk("v1")],
  ["SDK v1 over HTTP+SSE", useOlderSdk("v1")],
  ["SDK v2", useSdk("v2")],
  ["SDK v2 over HTTP+SSE", useOlderSdk("v2")],
  ["the Python SDK, legacy", usePython("legacy")],
  ["the Python SDK, modern", usePython("2026-07-28")],
  ["the Python SDK over HTTP+SSE", useOlderPython()],
  ["the Inspector, legacy", useInspector("legacy")],
  ["the Inspector, modern", useInspector("modern")],
  ["the Inspector over HTTP+SSE", useInspector("sse")],
  ["mcp-remote", useMcpRemote("http-only", join(folder, "home"))],
  ["mcp-remote over HTTP+SSE", useMcpRemote("sse-only", join(folder, "home"))],
];

const echo = { name: "everything__echo", arguments: { message: "ahoy" } };

describe.each(clients)("F-072 F-073 F-177 %s", (_name, use) => {
  it("searches, and calls what it found", { timeout: 120_000 }, async () => {
    const time = { source_timezone: "UTC", time: "12:00", target_timezone: "Asia/Tokyo" };
    const { tools, texts } = await use(outrigger.mcpUrl, [
      { name: "find_tool", arguments: { description: "convert a time between timezones" } },
      { name: "call_tool", arguments: { name: "time__convert_time", arguments: time } },
    ]);
    expect(tools.toSorted()).toEqual(searchTools);
    expect(texts[0]).toContain("time__convert_time");
    expect(texts[1]).toContain("21:00");
  });

  it("lists every tool of all ten servers, and calls one directly", { timeout: 120_000 }, async () => {
    const log = { name: "pygit__git_log", arguments: { repo_path: demo.repository } };
    const { tools, texts } = await use(`${outrigger.mcpUrl}/v/direct`, [log]);
    expect(tools.length).toBeGreaterThan(90);
    expect(new Set(tools.map((tool) => tool.split("__")[0])).size).toBe(10);
    expect(texts).toEqual([expect.stringContaining("Lash the float")]);
  });

  it("finds the pinned tool beside the search tools, and calls either way", { timeout: 120_000 }, async () => {
    const read = { name: "memory__read_graph", arguments: {} };
    const calls = [echo, { name: "call_tool", arguments: read }];
    const { tools, texts } = await use(`${outrigger.mcpUrl}/v/hybrid`, calls);
    expect(tools.toSorted()).toEqual([...searchTools, echo.name].toSorted());
    expect(texts).toEqual(["Echo: ahoy", expect.stringContaining('"entities"')]);
  });
});
