/** `outrigger up` with real servers: coming up, calls, hot reload, and that nothing is left behind however it ends. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connectModern, type ToolClient } from "../demo/stage/clients.ts";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { startEverything, type HttpServer } from "../demo/stage/http-servers.ts";
import { startOutrigger, type Outrigger } from "../demo/stage/outrigger.ts";
import { listDescendants, listProcesses } from "../demo/stage/processes.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";
import { runCommand } from "../demo/stage/command.ts";
import { repositoryEnvironment } from "../demo/stage/root.ts";

const env = repositoryEnvironment();
const folder = nameFileFolder("cli-up");
const config = join(folder, "mcp.json");
let everything: HttpServer;

beforeAll(async () => {
  everything = await startEverything(env);
});
afterAll(() => everything.stop());

type Servers = Record<string, unknown>;
const memory = { command: "mcp-server-memory", env: { MEMORY_FILE_PATH: "${FOLDER}/memory.jsonl" } };
const thinking = { command: "mcp-server-sequential-thinking" };
const writeConfig = (mcpServers: Servers): void => writeFileSync(config, JSON.stringify({ mcpServers }, null, 2));

let running: Outrigger | undefined;
let client: ToolClient | undefined;
afterEach(async () => {
  await client?.close();
  await running?.stop();
  client = running = undefined;
});

async function bringUp(
  mcpServers: Servers,
  flags: readonly string[] = [],
): Promise<{ outrigger: Outrigger; client: ToolClient }> {
  writeConfig(mcpServers);
  running = await startOutrigger({
    ...{ config, env: { ...env, FOLDER: folder }, port: await findFreePort() },
    flags,
    ...{ onServer: () => undefined, onStarted: () => undefined },
  });
  client = await connectModern(running.mcpUrl);
  return { outrigger: running, client };
}

const callEcho = async (to: ToolClient): Promise<string> =>
  (await to.call("everything__echo", { message: "there" })).text;

/** The sidecar process of each server by name. */
function sidecarsOf(outrigger: Outrigger): Map<string, number> {
  const found = listDescendants(outrigger.pid).flatMap(({ pid, command }): [string, number][] => {
    const name = / --server (\S+) /.exec(command)?.[1];
    return name === undefined ? [] : [[name, pid]];
  });
  return new Map(found);
}

const runFolders = (pid: number): string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith(`outrigger-up-${pid}-`));
const aliveOf = (pids: readonly number[]): number[] =>
  listProcesses().flatMap(({ pid }) => (pids.includes(pid) ? [pid] : []));

describe("outrigger up", () => {
  it("F-017 runs stdio and HTTP servers of an mcp.json behind sidecars and one endpoint, without a cluster", async () => {
    const { outrigger, client: connected } = await bringUp({ memory, everything: { url: everything.url } });
    expect([...sidecarsOf(outrigger).keys()].toSorted()).toEqual(["everything", "memory"]);
    expect(await callEcho(connected)).toContain("there");
    const entity = { name: "Canoe", entityType: "boat", observations: ["floats"] };
    await connected.call("memory__create_entities", { entities: [entity] });
    expect(readFileSync(join(folder, "memory.jsonl"), "utf8")).toContain("Canoe");
    const found = await connected.call("find_tool", { description: "create entities in a knowledge graph" });
    expect(found.text).toContain("memory__create_entities");
  });

  it("ends everything in order on SIGTERM and leaves no process, no folder and no open port", async () => {
    const { outrigger } = await bringUp({ memory, everything: { url: everything.url } });
    const pids = listDescendants(outrigger.pid).map(({ pid }) => pid);
    expect(pids.length).toBeGreaterThanOrEqual(4);
    expect(runFolders(outrigger.pid)).toHaveLength(1);
    expect(await outrigger.stop()).toBe(0);
    await waitFor("all processes to end", () => aliveOf(pids).length === 0);
    expect(runFolders(outrigger.pid)).toEqual([]);
    await expect(fetch(outrigger.mcpUrl)).rejects.toThrow();
  });

  it("takes sidecars, aggregator and servers along when it is killed, and the next run removes its folder", async () => {
    const { outrigger } = await bringUp({ memory });
    const pids = listDescendants(outrigger.pid).map(({ pid }) => pid);
    process.kill(outrigger.pid, "SIGKILL");
    await outrigger.ended;
    await waitFor("all processes to end", () => aliveOf(pids).length === 0, 20_000);
    expect(runFolders(outrigger.pid)).toHaveLength(1);
    await bringUp({ memory });
    expect(runFolders(outrigger.pid)).toEqual([]);
  });

  it("starts a sidecar again that died, at the same address, and the others go on", async () => {
    const { outrigger, client: connected } = await bringUp({ memory, everything: { url: everything.url } });
    const before = sidecarsOf(outrigger);
    process.kill(before.get("memory")!, "SIGKILL");
    await waitFor("the restart to be told", () => outrigger.history().some(({ state }) => state === "restarting"));
    expect(await callEcho(connected)).toContain("there");
    await waitFor("memory to be ready again", () => outrigger.servers().get("memory")?.state === "ready", 20_000);
    const after = sidecarsOf(outrigger);
    expect(after.get("everything")).toBe(before.get("everything"));
    expect(after.get("memory")).not.toBe(before.get("memory"));
    await waitFor("a call to be answered", async () => !(await connected.call("memory__read_graph", {})).isError);
  });
});

describe("outrigger up, as it is told", () => {
  it("lists every tool with --mode direct, and the tools of a group alone at the group's endpoint", async () => {
    const grouped = { ...thinking, outrigger: { group: "minds" } };
    const { outrigger, client: connected } = await bringUp({ memory, thinking: grouped }, ["--mode", "direct"]);
    expect(await connected.list()).toEqual(
      expect.arrayContaining(["memory__read_graph", "thinking__sequentialthinking"]),
    );
    const minds = await connectModern(`${outrigger.mcpUrl}/g/minds`);
    expect(await minds.list()).toEqual(["thinking__sequentialthinking"]);
    await minds.close();
    // A group that changes needs no restart of the server's sidecar.
    const before = sidecarsOf(outrigger);
    writeConfig({ memory, thinking });
    await waitFor("the group to be empty", async () => {
      const again = await connectModern(`${outrigger.mcpUrl}/g/minds`).catch(() => undefined);
      const names = await again?.list().catch(() => []);
      await again?.close();
      return again === undefined || names?.length === 0;
    });
    expect(sidecarsOf(outrigger)).toEqual(before);
  });
});

describe("outrigger up, with keys for callers", () => {
  const rules = [
    { name: "everybody echoes", action: "Allow", subjects: [{ kind: "Any" }], tools: ["echo"] },
    { name: "ops do all", action: "Allow", subjects: [{ kind: "Group", name: "ops" }], tools: ["*"] },
  ];

  it("F-150 F-151 asks for a key of a local file, and rules about callers hold as in a cluster", async () => {
    const keysFile = join(folder, "keys.txt");
    const made = await Promise.all(
      [["olga", "--groups", "ops"], ["guest"]].map((args) => runCommand(["api-key", ...args, "-o", "json"])),
    );
    const [olga, guest] = made.map(({ out }) => JSON.parse(out) as { readonly key: string; readonly line: string });
    writeFileSync(keysFile, `${olga!.line}\n${guest!.line}\n`);
    const entry = { url: everything.url, outrigger: { policy: { rules } } };
    writeConfig({ everything: entry });
    running = await startOutrigger({
      ...{ config, env, port: await findFreePort(), flags: ["--mode", "direct", "--api-keys", keysFile] },
      ...{ onServer: () => undefined, onStarted: () => undefined },
    });
    const { mcpUrl } = running;
    expect((await fetch(mcpUrl)).status).toBe(401);
    const as = async (key: string): Promise<readonly string[]> => {
      const tokenFile = join(folder, "token");
      writeFileSync(tokenFile, key);
      client = await connectModern(mcpUrl, { authorization: `Bearer ${key}` });
      const names = await client.list();
      await client.close();
      client = undefined;
      const found = await runCommand(["search", "echo", "--endpoint", mcpUrl, "--token-file", tokenFile]);
      expect(found).toMatchObject({ code: 0, err: "" });
      return names;
    };
    expect(await as(guest!.key)).toEqual(["everything__echo"]);
    expect((await as(olga!.key)).length).toBeGreaterThan(5);
    client = await connectModern(mcpUrl, { authorization: `Bearer ${guest!.key}` });
    await expect(client.call("everything__get-sum", { a: 1, b: 2 })).rejects.toThrow("Unknown tool");
    expect(await callEcho(client)).toContain("there");
  });

  it("refuses a file of keys that can't be used before it starts anything, with exit code 2", async () => {
    writeConfig({ everything: { url: everything.url } });
    const keysFile = join(folder, "broken-keys.txt");
    writeFileSync(keysFile, "# keys\nolga sha256:abc\n");
    const wrong = await runCommand(["up", "--config", config, "--api-keys", keysFile]);
    expect(wrong).toMatchObject({ code: 2, out: "" });
    expect(wrong.err).toContain(`${keysFile}: line 2: expected sha256: and 64 hex digits behind the name`);
    writeFileSync(keysFile, "# keys\n");
    const empty = await runCommand(["up", "--config", config, "--api-keys", keysFile]);
    expect(empty.err).toContain("expected a line for each key, found none");
    const absent = await runCommand(["up", "--config", config, "--api-keys", "no-such-file"]);
    expect(absent.err).toContain("next: outrigger api-key NAME, and put the line that it prints into no-such-file");
  });
});

describe("outrigger up, when its endpoint dies", () => {
  it("starts the aggregator again on the same port, over the same sidecars", async () => {
    const { outrigger, client: connected } = await bringUp({ everything: { url: everything.url } });
    const before = sidecarsOf(outrigger);
    const aggregator = listDescendants(outrigger.pid).find(({ command }) => command.includes("--servers "));
    process.kill(aggregator!.pid, "SIGKILL");
    await waitFor(
      "a call to be answered",
      () =>
        callEcho(connected).then(
          (text) => text.includes("there"),
          () => false,
        ),
      20_000,
    );
    expect(sidecarsOf(outrigger)).toEqual(before);
  });
});

describe("outrigger up, while its file changes", () => {
  it("starts what is added and stops what is removed, and leaves the others alone", async () => {
    const { outrigger, client: connected } = await bringUp({ memory });
    const before = sidecarsOf(outrigger);
    writeConfig({ memory, thinking });
    await waitFor("the new server", () => outrigger.servers().get("thinking")?.state === "ready", 20_000);
    expect(sidecarsOf(outrigger).get("memory")).toBe(before.get("memory"));
    const thought = { thought: "x", nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 };
    await waitFor("a call to it", async () => !(await connected.call("thinking__sequentialthinking", thought)).isError);
    writeConfig({ memory });
    await waitFor("it to stop", () => !sidecarsOf(outrigger).has("thinking"), 20_000);
    expect(sidecarsOf(outrigger).get("memory")).toBe(before.get("memory"));
    await waitFor("its tool to be gone", () =>
      connected.call("thinking__sequentialthinking", thought).then(
        (result) => result.isError,
        () => true,
      ),
    );
  });

  it("takes a new policy over without a restart", async () => {
    const open = { url: everything.url };
    const { outrigger, client: connected } = await bringUp({ everything: open });
    const before = sidecarsOf(outrigger);
    expect(await callEcho(connected)).toContain("there");
    writeConfig({ everything: { ...open, outrigger: { policy: { tools: { deny: ["echo"] } } } } });
    await waitFor(
      "echo to be refused",
      () =>
        callEcho(connected).then(
          () => false,
          (error: unknown) => String(error).includes("Unknown tool"),
        ),
      20_000,
    );
    expect(sidecarsOf(outrigger)).toEqual(before);
    writeConfig({ everything: open });
    await waitFor(
      "echo to be allowed",
      () =>
        callEcho(connected).then(
          (text) => text.includes("there"),
          () => false,
        ),
      20_000,
    );
  });

  it("keeps what runs when the file breaks, and says where", async () => {
    const { outrigger, client: connected } = await bringUp({ everything: { url: everything.url } });
    const before = sidecarsOf(outrigger);
    writeFileSync(config, '{\n  "mcpServers": {\n    "everything": { "ur": "x" }\n  }\n}\n');
    const refused = await waitFor("the problem to be told", () => outrigger.refusals().at(-1));
    expect(refused).toEqual(expect.stringMatching(/^3 mcpServers\.everything/));
    expect(await callEcho(connected)).toContain("there");
    expect(sidecarsOf(outrigger)).toEqual(before);
  });
});

describe("outrigger up, when it can't", () => {
  it("says which port is taken, with exit code 3, and starts nothing", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // A TCP server that listens has an address object.
    const { port } = server.address() as { port: number };
    writeConfig({ memory });
    const taken = await runCommand(["up", "--config", config, "--port", String(port)], { env: { FOLDER: folder } });
    server.close();
    expect(taken).toMatchObject({ code: 3, out: "" });
    expect(taken.err).toContain(`Port ${port} of 127.0.0.1 is in use`);
  });

  it("refuses a file with problems before it starts anything, with exit code 2", async () => {
    writeFileSync(config, '{ "mcpServers": {\n "a": { "command": "x", "args": ["${NOT_SET_ANYWHERE}"] } } }');
    const wrong = await runCommand(["up", "--config", config]);
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain(
      `${config}:2: mcpServers.a.args[0]: expected the environment variable NOT_SET_ANYWHERE`,
    );
    expect(existsSync(config)).toBe(true);
  });

  it("brings up the others when one server can't start, and says what is wrong with it", async () => {
    const { outrigger, client: connected } = await bringUp({
      everything: { url: everything.url },
      broken: { command: "no-such-program-anywhere" },
    });
    expect(await callEcho(connected)).toContain("there");
    await waitFor("the broken one to be told", () => outrigger.servers().get("broken")?.state === "dead");
  });
});
