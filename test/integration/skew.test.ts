/** Sidecars of one version under an aggregator of another, both ways, with real servers behind and real clients in front. */
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isTooFarApart } from "../../cli/src/check/version.ts";
import { startEverything } from "../demo/stage/http-servers.ts";
import { repositoryEnvironment } from "../demo/stage/root.ts";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { connectLegacy, connectModern, textOf } from "../fixtures/mcp-clients.ts";
import { createPrograms, type Finished, type Programs } from "../fixtures/programs.ts";
import { startSidecarProgram } from "../fixtures/real-sidecar.ts";
import { oldestRelease } from "../fixtures/releases/open-release.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { useReleases, type Age } from "./skew-releases.ts";

const inModules = (path: string): string => fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url));
const folder = nameFileFolder("skew");
const programOf = useReleases();

const firstPolicy = { tools: { deny: ["get-sum"] }, limits: [{ name: "slow", tools: ["get-env"], rate: "1/h" }] };

interface Listed {
  readonly name: string;
  readonly state: string;
  readonly era: string;
  readonly toolsCount: number;
}

it("the old release is within what is promised, and says its version", async () => {
  const programs = createPrograms();
  const ask = async (age: Age): Promise<string> => {
    const { stdout } = await programs.run(["--conditions=outrigger-source", programOf(age, "cli"), "--version"]);
    return stdout.trim();
  };
  const present = await ask("present");
  expect(await ask("old")).toBe(oldestRelease);
  expect(present).not.toBe(oldestRelease);
  // Where it is too far, a newer release is to be kept in its place: test/fixtures/releases/README.md.
  expect(isTooFarApart(oldestRelease, present)).toBe(false);
  await programs.endAll();
});

describe.each<readonly [string, Record<"sidecar" | "aggregator" | "command", Age>]>([
  ["older sidecars under the present aggregator", { sidecar: "old", aggregator: "present", command: "old" }],
  ["present sidecars under an older aggregator", { sidecar: "present", aggregator: "old", command: "present" }],
])("%s", (name, ages) => {
  let programs: Programs;
  let aggregator: RunningAggregator;
  const ends: (() => Promise<unknown>)[] = [];
  const policyFile = join(folder, `${name}.json`);

  const setPolicy = async (policy: object): Promise<void> => {
    await writeFile(`${policyFile}.next`, JSON.stringify(policy));
    await rename(`${policyFile}.next`, policyFile);
  };
  const toolsOf = async (server: string): Promise<readonly string[]> => {
    const client = await connectModern(`${aggregator.url}/mcp`);
    const listed = await client.callTool({ name: "list_servers", arguments: { server } });
    await client.close();
    return (listed.structuredContent as { tools: { name: string }[] }).tools.map((tool) => tool.name);
  };
  const run = (...args: readonly string[]): Promise<Finished> =>
    programs.run([
      "--conditions=outrigger-source",
      programOf(ages.command, "cli"),
      ...args,
      "--endpoint",
      aggregator.url,
    ]);

  beforeAll(async () => {
    programs = createPrograms();
    ends.push(() => programs.endAll());
    await setPolicy(firstPolicy);
    const everything = await startEverything(repositoryEnvironment());
    ends.push(() => everything.stop());
    const memory = [execPath, inModules("@modelcontextprotocol/server-memory/dist/index.js")];
    const memoryEnv = JSON.stringify({ MEMORY_FILE_PATH: join(folder, `${name}.memory`) });
    const sidecar = programOf(ages.sidecar, "sidecar");
    const [http, stdio] = await Promise.all([
      startSidecarProgram(sidecar, programs, {
        name: "everything",
        flags: ["--upstream", everything.url, "--policy", policyFile],
      }),
      startSidecarProgram(sidecar, programs, {
        name: "memory",
        flags: ["--server-env", memoryEnv, "--", ...memory],
      }),
    ]);
    const servers = { everything: http.entry({ group: "reference" }), memory: stdio.entry() };
    aggregator = await startAggregatorProgram(servers, [], { program: programOf(ages.aggregator, "aggregator") });
    ends.push(() => aggregator.close());
    await aggregator.ready();
  });

  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });

  it("are found and listed with health, era and tools", async () => {
    const { servers } = await aggregator.get("/api/v1/servers");
    const listed = servers as readonly Listed[];
    expect(listed.map((server) => [server.name, server.state, server.era])).toEqual([
      ["everything", "Ready", "legacy"],
      ["memory", "Ready", "legacy"],
    ]);
    expect(listed.every(({ toolsCount }) => toolsCount > 5)).toBe(true);
  });

  it.each([
    ["a legacy client", connectLegacy],
    ["a modern client", connectModern],
  ] as const)("lead %s from a task to a tool, and hand on what the server says", async (_client, connect) => {
    const client = await connect(`${aggregator.url}/mcp`);
    const person = { name: "Ada", entityType: "person", observations: [] };
    const tasks = [
      ["echo a message back", "everything__echo", { message: "hello" }, /^Echo: hello$/],
      ["create new entities in the knowledge graph", "memory__create_entities", { entities: [person] }, /Ada|\[\]/],
    ] as const;
    for (const [task, tool, values, expected] of tasks) {
      const found = await client.callTool({ name: "find_tool", arguments: { description: task, limit: 3 } });
      const { tools } = found.structuredContent as { tools: { name: string }[] };
      expect([task, tools.map((each) => each.name)]).toEqual([task, expect.arrayContaining([tool])]);
      const called = await client.callTool({ name: "call_tool", arguments: { name: tool, arguments: values } });
      expect([called.isError ?? false, textOf(called)]).toEqual([false, expect.stringMatching(expected)]);
    }
    await client.close();
  });

  it("hide and refuse what policy denies, and say which limit refused", async () => {
    expect(await toolsOf("everything")).not.toContain("everything__get-sum");
    const client = await connectModern(`${aggregator.url}/mcp`);
    const call = (tool: string, values: object) => client.callTool({ name: tool, arguments: { ...values } });
    await expect(call("everything__get-sum", { a: 1, b: 2 })).rejects.toMatchObject({ code: -32_602 });
    expect((await call("everything__get-env", {})).isError ?? false).toBe(false);
    const refused = await call("everything__get-env", {});
    expect([refused.isError, textOf(refused)]).toEqual([true, expect.stringContaining("slow")]);
    const described = await call("describe_tool", { name: "everything__get-env" });
    expect(JSON.stringify(described)).toContain("1/h");
    await client.close();
  });

  it("are searched and called by a command of the sidecars' version", async () => {
    const found = await run("search", "echo a message", "--output", "json");
    expect(found.stderr).toBe("");
    const { tools } = JSON.parse(found.stdout) as { tools: { name: string }[] };
    expect(tools[0]?.name).toBe("everything__echo");
    expect(await run("call", "everything__echo", "--json", '{"message":"hello"}')).toEqual({
      stdout: "Echo: hello\n",
      stderr: "",
    });
    const hidden = await run("call", "everything__get-sum", "--json", '{"a":1,"b":2}');
    expect([hidden.stdout, hidden.stderr]).toEqual(["", expect.stringContaining("OUTRIGGER_ERR_TOOL_UNKNOWN")]);
  });

  it("tell the aggregator of a new policy, and enforce it", async () => {
    await setPolicy({ tools: { deny: ["echo"] } });
    await waitFor("the new policy", async () => (await toolsOf("everything")).includes("everything__get-sum"), 20_000);
    expect(await toolsOf("everything")).not.toContain("everything__echo");
    const client = await connectModern(`${aggregator.url}/mcp`);
    const sum = await client.callTool({ name: "everything__get-sum", arguments: { a: 1, b: 2 } });
    expect(textOf(sum)).toContain("3");
    await expect(client.callTool({ name: "everything__echo", arguments: { message: "x" } })).rejects.toMatchObject({
      code: -32_602,
    });
    await client.close();
  });
});
