import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { connectLegacy, connectModern, textOf } from "../fixtures/mcp-clients.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startRealSidecar } from "../fixtures/real-sidecar.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const inModules = (path: string): string => fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url));
const conformanceServer = fileURLToPath(new URL("../fixtures/conformance-server/main.ts", import.meta.url));

const programs = createPrograms();
const folder = nameFileFolder("sidecars");
const policyFile = join(folder, "policy.json");
let aggregator: RunningAggregator;

beforeAll(async () => {
  await writeFile(join(folder, "note.txt"), "written on disk");
  await writeFile(policyFile, JSON.stringify({ tools: { deny: ["write_*", "edit_*"] } }));
  const memoryFile = join(folder, "memory.json");
  const upstream = await programs.start(["--conditions=outrigger-source", conformanceServer], (line) => {
    return (JSON.parse(line) as { listening?: string }).listening;
  });
  const [files, memory, fixture] = await Promise.all([
    startRealSidecar(programs, "files", [
      "--policy",
      policyFile,
      "--",
      process.execPath,
      inModules("@modelcontextprotocol/server-filesystem/dist/index.js"),
      folder,
    ]),
    startRealSidecar(programs, "memory", [
      "--server-env",
      JSON.stringify({ MEMORY_FILE_PATH: memoryFile }),
      "--",
      process.execPath,
      inModules("@modelcontextprotocol/server-memory/dist/index.js"),
    ]),
    startRealSidecar(programs, "fixture", ["--upstream", upstream]),
  ]);
  aggregator = await startAggregatorProgram({
    files: files.entry({ group: "disk", origin: { transport: "stdio", package: "server-filesystem" } }),
    memory: memory.entry(),
    fixture: fixture.entry(),
  });
  await aggregator.ready();
});

afterAll(async () => {
  await aggregator.close();
  await programs.endAll();
});

interface Listed {
  readonly name: string;
  readonly state: string;
  readonly era: string;
  readonly toolsCount: number;
}

it("F-067 F-068 records real servers behind real sidecars", async () => {
  const { servers } = await aggregator.get("/api/v1/servers");
  const listed = servers as Listed[];
  expect(listed.map(({ name, state }) => [name, state])).toEqual([
    ["files", "Ready"],
    ["fixture", "Ready"],
    ["memory", "Ready"],
  ]);
  expect(listed.map(({ era }) => era)).toEqual(["legacy", "modern", "legacy"]);
  expect(listed[0]).toMatchObject({ transport: "stdio", image: "server-filesystem", origin: "File", group: "disk" });
  expect(listed.every(({ toolsCount }) => toolsCount > 5)).toBe(true);
});

it.each([
  ["a legacy client", connectLegacy],
  ["a modern client", connectModern],
] as const)("F-093 leads %s from a task to a tool of each real server", async (_name, connect) => {
  const client = await connect(`${aggregator.url}/mcp`);
  const person = { name: "Ada", entityType: "person", observations: [] };
  const tasks = [
    ["read the text of a file", "files__read_text_file", { path: join(folder, "note.txt") }, /written on disk/],
    ["create new entities in the knowledge graph", "memory__create_entities", { entities: [person] }, /Ada|\[\]/],
  ] as const;
  for (const [task, name, values, expected] of tasks) {
    const found = await client.callTool({ name: "find_tool", arguments: { description: task, limit: 3 } });
    const { tools } = found.structuredContent as { tools: { name: string }[] };
    expect([task, tools.map((tool) => tool.name)]).toEqual([task, expect.arrayContaining([name])]);
    const called = await client.callTool({ name: "call_tool", arguments: { name, arguments: values } });
    expect([called.isError ?? false, textOf(called)]).toEqual([false, expect.stringMatching(expected)]);
  }
  expect(textOf(await client.callTool({ name: "fixture__test_simple_text" }))).not.toBe("");
  await client.close();
});

it("lists, finds and calls what the sidecar's policy lets through, also when it changes", async () => {
  const client = await connectModern(`${aggregator.url}/mcp`);
  const call = (name: string, values: object) => client.callTool({ name, arguments: { ...values } });
  const names = async (): Promise<string> => {
    const listed = await client.callTool({ name: "list_servers", arguments: { server: "files" } });
    return (listed.structuredContent as { tools: { name: string }[] }).tools.map(({ name }) => name).join();
  };
  expect(await names()).not.toContain("write_file");
  await expect(call("files__write_file", { path: join(folder, "x"), content: "x" })).rejects.toMatchObject({
    code: -32_602,
  });

  await writeFile(`${policyFile}.next`, JSON.stringify({ tools: { deny: ["read_*"] } }));
  await rename(`${policyFile}.next`, policyFile);
  await waitFor("the new policy", async () => (await names()).includes("files__write_file"), 20_000);
  expect(await names()).not.toContain("read_text_file");
  expect((await call("files__write_file", { path: join(folder, "x"), content: "x" })).isError ?? false).toBe(false);
  const found = await call("find_tool", { description: "read the complete text of a file", limit: 50 });
  expect(JSON.stringify(found.structuredContent)).not.toContain("files__read");
  await client.close();
});
