import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { startFakeControl } from "../fixtures/fake-sidecar/control.ts";
import { makeTool, startFakeSidecar, type FakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { connectLegacy, modernRequest, postRaw, textOf } from "../fixtures/mcp-clients.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const main = fileURLToPath(new URL("../../aggregator/src/main.ts", import.meta.url));
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function setUp(
  tools = [makeTool("echo")],
  flags: readonly string[] = [],
): Promise<[RunningAggregator, FakeSidecar]> {
  const sidecar = await startFakeSidecar("files", { tools });
  ends.push(() => sidecar.close());
  const aggregator = await startAggregatorProgram({ files: sidecar.entry() }, flags);
  ends.push(() => aggregator.close());
  await aggregator.ready();
  return [aggregator, sidecar];
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program to its end; `onLine` gets each line of its output and the process. */
async function run(
  flags: readonly string[],
  onLine: (line: string, child: ReturnType<typeof spawn>) => void = () => undefined,
): Promise<Ended> {
  const child = spawn(process.execPath, ["--conditions=outrigger-source", main, ...flags], { stdio: "pipe" });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
    for (const line of text.split("\n")) onLine(line, child);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...output };
}

it("ends with 2 and every problem where settings are wrong, and with 3 where a port is taken", async () => {
  const wrong = await run(["--mode", "both", "--nonsense", "1"]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(/no such flag: --nonsense[^]*--mode: expected/);

  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  ends.push(() => new Promise((resolve) => taken.close(resolve)));
  // A server that listens on TCP has this form of address.
  const { port } = taken.address() as AddressInfo;
  const second = await run(["--servers", "/nowhere/servers.json", "--admin", "0", "--listen", String(port)]);
  expect([second.code, second.stderr]).toEqual([3, expect.stringContaining(String(port))]);
});

it("ends in good order on SIGTERM, and when its parent closes stdin where it was told to watch that", async () => {
  const flags = ["--servers", "/nowhere/servers.json", "--admin", "0", "--listen", "0"];
  const onSignal = await run(flags, (line, child) => {
    if (line.includes('"listening"')) child.kill("SIGTERM");
  });
  expect([onSignal.code, onSignal.stdout]).toEqual([0, expect.stringContaining('"stopped"')]);
  const onStdin = await run([...flags, "--watch-stdin", "yes"], (line, child) => {
    if (line.includes('"listening"')) child.stdin?.end();
  });
  expect([onStdin.code, onStdin.stdout]).toEqual([0, expect.stringContaining("parent gone")]);
});

it("ends although sessions, streams and calls are open", async () => {
  const [aggregator, sidecar] = await setUp();
  sidecar.data.answer(() => undefined);
  const client = await connectLegacy(`${aggregator.url}/mcp`);
  const open = client.callTool({ name: "files__echo" }).catch((error: unknown) => error);
  await waitFor("the call to arrive", () => sidecar.data.received.some(({ method }) => method === "tools/call"));
  await aggregator.close();
  ends.splice(1, 1);
  // By itself: whoever has to be killed does not say so.
  expect(aggregator.log.at(-1)).toMatchObject({ msg: "stopped" });
  await client.close();
  await open;
});

it("answers health on both ports and metrics on its own", async () => {
  const [aggregator] = await setUp();
  for (const base of [aggregator.url, aggregator.adminUrl]) {
    for (const path of ["/livez", "/healthz", "/readyz"]) expect((await fetch(base + path)).status, path).toBe(200);
  }
  const client = await connectLegacy(`${aggregator.url}/mcp`);
  ends.push(() => client.close());
  await client.callTool({ name: "find_tool", arguments: { description: "echo a text" } });
  await client.callTool({ name: "find_tool", arguments: { description: "zzqx" } });
  await client.callTool({ name: "call_tool", arguments: { name: "files__echo" } });
  await client.callTool({ name: "call_tool", arguments: { name: "files__ecko" } });
  const metrics = await aggregator.metrics();
  for (const line of [
    'outrigger_aggregator_find_tool_requests_total{result="ok"} 1',
    'outrigger_aggregator_find_tool_requests_total{result="empty"} 1',
    'outrigger_aggregator_find_tool_requests_total{result="refused"} 0',
    'outrigger_aggregator_call_tool_requests_total{result="ok"} 1',
    'outrigger_aggregator_call_tool_requests_total{result="unknown"} 1',
    "outrigger_aggregator_sessions 1",
    "outrigger_aggregator_find_tool_duration_seconds_count 2",
  ]) {
    expect(metrics).toContain(line);
  }
  expect(metrics).toMatch(/outrigger_aggregator_index_update_seconds_count [1-9]/);
  expect(metrics).not.toContain("zzqx");
  expect((await fetch(`${aggregator.url}/metrics`)).status).toBe(404);
});

it("is not ready before its servers were heard", async () => {
  const control = await startFakeControl("waiting");
  ends.push(() => control.close());
  const aggregator = await startAggregatorProgram({
    waiting: { url: "http://127.0.0.1:1/mcp", outrigger: { control: control.url } },
  });
  ends.push(() => aggregator.close());
  await waitFor("the feed to be read", () => control.readers() === 1);
  const before = await fetch(`${aggregator.url}/readyz`);
  expect([before.status, await before.text()]).toEqual([503, expect.stringContaining("Servers are still being read")]);
  control.list([makeTool("echo")]);
  await aggregator.ready();
});

it("searches and lists tools over the read API with the same function, and refuses what it does not know", async () => {
  const tools = Array.from({ length: 30 }, (_none, at) => makeTool(`tool_${String(at).padStart(2, "0")}`));
  const [aggregator] = await setUp([...tools, makeTool("read_file", "Reads a file.")]);
  const found = await aggregator.get("/api/v1/tools?q=read%20a%20file&limit=1");
  const client = await connectLegacy(`${aggregator.url}/mcp`);
  ends.push(() => client.close());
  const same = await client.callTool({ name: "find_tool", arguments: { description: "read a file", limit: 1 } });
  expect(found).toEqual(same.structuredContent);

  const first = await aggregator.get("/api/v1/tools?limit=20");
  expect([first["total"], (first["tools"] as unknown[]).length]).toEqual([31, 20]);
  const second = await aggregator.get(`/api/v1/tools?limit=20&cursor=${String(first["nextCursor"])}`);
  const names = [first, second].flatMap((page) => (page["tools"] as { name: string }[]).map(({ name }) => name));
  expect([names.length, new Set(names).size, second["nextCursor"]]).toEqual([31, 31, undefined]);

  for (const path of ["/api/v1/tools?qq=x", "/api/v1/tools?limit=0", "/api/v1/tools?cursor=x"]) {
    const response = await fetch(aggregator.url + path);
    expect([path, response.status]).toEqual([path, 400]);
    expect(await response.json()).toMatchObject({ error: { message: expect.any(String) as string } });
  }
  const missing = await fetch(`${aggregator.url}/api/v1/nothing`);
  expect([missing.status, missing.headers.get("content-type")]).toEqual([404, expect.stringContaining("json")]);
});

it("F-091 lists names of at most 64 safe characters for whatever servers call their tools, and calls each by it", async () => {
  const own = [
    "plain",
    "dots.and/slashes",
    "with space",
    "日本語",
    "__edge__",
    "x".repeat(128),
    "x".repeat(127),
    "a--0123456789abcdef",
  ];
  const [aggregator, sidecar] = await setUp(
    own.map((name) => makeTool(name)),
    ["--mode", "direct"],
  );
  const listed = await postRaw(`${aggregator.url}/mcp`, ...modernRequest("tools/list", {}));
  const { tools } = listed.messages[0]?.["result"] as { tools: { name: string }[] };
  expect(new Set(tools.map(({ name }) => name)).size).toBe(own.length);
  const called: unknown[] = [];
  for (const { name } of tools) {
    expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    const answer = await postRaw(
      `${aggregator.url}/mcp`,
      ...modernRequest("tools/call", { name, arguments: { text: "x" } }),
    );
    expect(textOf(answer.messages[0]?.["result"])).toBe('{"text":"x"}');
    called.push(sidecar.data.received.at(-1)?.params["name"]);
  }
  expect(called.sort()).toEqual([...own].sort());
});
