/** The older HTTP+SSE transport through the running sidecar: clients that know no other, servers that know no other. */
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readFeedState, type FeedState } from "@outrigger/api/feed";
import { createEventSplitter } from "@outrigger/mcp";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startPackagedServer, type PackagedServer } from "../../sidecar/src/catalog/testing/packaged-server.ts";
import { startSseServer, type SseServer } from "../../sidecar/src/upstream/sse/testing/sse-server.ts";
import { startAggregatorProgram } from "../fixtures/aggregator.ts";
import { connectLegacy, connectModern, postRaw, textOf } from "../fixtures/mcp-clients.ts";
import { connectOlderV1, connectOlderV2, type OlderClient } from "../fixtures/older-clients.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startRealSidecar, type RealSidecar } from "../fixtures/real-sidecar.ts";
import { nameFileFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const everything = "@modelcontextprotocol/server-everything/dist/index.js";
const inModules = (path: string): string => fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url));
const conformanceServer = fileURLToPath(new URL("../fixtures/conformance-server/main.ts", import.meta.url));

const programs = createPrograms();
const policyFile = join(nameFileFolder("sidecar-sse"), "policy.json");
let streamable: string;
let older: PackagedServer;
let counting: SseServer;
const sidecars: Record<"streamable" | "sse" | "stdio" | "counting", RealSidecar> = {} as never;

beforeAll(async () => {
  await writeFile(policyFile, JSON.stringify({ tools: { deny: ["silent", "test_error_handling", "get-env"] } }));
  older = await startPackagedServer(everything, ["sse"]);
  counting = await startSseServer();
  streamable = await programs.start(["--conditions=outrigger-source", conformanceServer], (line) => {
    return (JSON.parse(line) as { listening?: string }).listening;
  });
  const start = (name: string, flags: readonly string[]): Promise<RealSidecar> =>
    startRealSidecar(programs, name, ["--policy", policyFile, ...flags]);
  [sidecars.streamable, sidecars.sse, sidecars.stdio, sidecars.counting] = await Promise.all([
    start("streamable", ["--upstream", streamable]),
    start("sse", ["--upstream", `${older.origin}/sse`]),
    start("stdio", ["--", process.execPath, inModules(everything), "stdio"]),
    start("counting", ["--upstream", `${counting.origin}/sse`, "--transport", "sse", "--path", "/sse"]),
  ]);
  await Promise.all(Object.values(sidecars).map(({ controlUrl }) => readState(controlUrl, isReady)));
}, 60_000);

const clients: { readonly close: () => Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
afterAll(async () => {
  await programs.endAll();
  await older.close();
  await counting.close();
});

const isReady = ({ health }: FeedState): boolean => health.state === "Ready";

/** The first state of a feed that is wanted. */
async function readState(controlUrl: string, isWanted: (state: FeedState) => boolean): Promise<FeedState> {
  const leaving = new AbortController();
  const response = await fetch(`${controlUrl}/v1/feed`, { signal: leaving.signal });
  const splitter = createEventSplitter({ maxEventBytes: 1_048_576 });
  try {
    for await (const chunk of response.body ?? []) {
      const states = splitter.push(chunk as Uint8Array).events.flatMap(({ data }) => parseState(data) ?? []);
      const wanted = states.find(isWanted);
      if (wanted !== undefined) return wanted;
    }
  } finally {
    leaving.abort();
  }
  throw new Error("the feed ended");
}

function parseState(data: string | undefined): FeedState | undefined {
  return data === undefined ? undefined : readFeedState(JSON.parse(data));
}

const dataUrl = (of: keyof typeof sidecars): string => sidecars[of].dataUrl;
const originOf = (of: keyof typeof sidecars): string => new URL(dataUrl(of)).origin;
async function keep<C extends { readonly close: () => Promise<void> }>(client: Promise<C>): Promise<C> {
  clients.push(await client);
  return client;
}
/** A tool of each server with what it is called with and what it says. */
const echoes = {
  streamable: { name: "test_simple_text", arguments: {}, says: "simple text" },
  sse: { name: "echo", arguments: { message: "hello" }, says: "hello" },
  stdio: { name: "echo", arguments: { message: "hello" }, says: "hello" },
} as const;

describe("clients and servers of any transport", () => {
  const olderClients = [
    ["SDK v1", connectOlderV1],
    ["SDK v2", connectOlderV2],
  ] as const;
  const all = olderClients.flatMap(([generation, connect]) =>
    (["streamable", "sse", "stdio"] as const).flatMap((server) =>
      ["/sse", "/mcp/sse"].map((path) => ({ generation, connect, server, path })),
    ),
  );

  it.each(all)(
    "F-033 a client of the older transport ($generation, $path) is served by a $server server",
    async (given) => {
      const client: OlderClient = await keep<OlderClient>(given.connect(originOf(given.server) + given.path));
      const { name, arguments: args, says } = echoes[given.server];
      expect((await client.listTools()).tools.map((tool) => tool.name)).toContain(name);
      expect(textOf(await client.callTool({ name, arguments: args }))).toContain(says);
    },
  );

  it.each(["streamable", "sse", "stdio"] as const)(
    "F-033 a client of Streamable HTTP is served by a %s server at the same time",
    async (server) => {
      const client = await keep(connectLegacy(dataUrl(server)));
      const { name, arguments: args, says } = echoes[server];
      expect(textOf(await client.callTool({ name, arguments: args }))).toContain(says);
    },
  );

  it("a client finds a server of the older transport where it was before the sidecar came", async () => {
    const client = await keep(connectOlderV1(`${originOf("counting")}/sse`));
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["echo", "progress"]);
    const other = await keep(connectLegacy(`${originOf("counting")}/sse`));
    expect((await other.listTools()).tools.map(({ name }) => name)).toEqual(["echo", "progress"]);
  });

  it("many of both kinds at once get their own answers from a server of the older transport", async () => {
    const url = `${originOf("counting")}/sse`;
    const connects = Array.from({ length: 40 }, (_, at) =>
      at % 2 === 0 ? keep<OlderClient>(connectOlderV1(url)) : keep<OlderClient>(connectLegacy(url)),
    );
    const connected = await Promise.all(connects);
    const asked = connected.flatMap((client, of) => Array.from({ length: 5 }, (_, call) => ({ client, of, call })));
    const texts = await Promise.all(
      asked.map(async ({ client, of, call }) =>
        textOf(await client.callTool({ name: "echo", arguments: { of, call } })),
      ),
    );
    expect(texts).toEqual(asked.map(({ of, call }) => JSON.stringify({ of, call })));
  });

  it("the aggregator reaches a server of the older transport like any other, in both eras", async () => {
    const aggregator = await startAggregatorProgram({ older: sidecars.sse.entry() });
    clients.push(aggregator);
    await aggregator.ready();
    // The aggregator shows what the sidecar found out.
    const { servers } = await aggregator.get("/api/v1/servers");
    expect(servers).toMatchObject([{ name: "older", transport: "sse", state: "Ready" }]);
    const url = `${aggregator.url}/mcp`;
    for (const client of [await keep(connectLegacy(url)), await keep(connectModern(url))]) {
      const found = await client.callTool({
        name: "call_tool",
        arguments: { name: "older__echo", arguments: { message: "x" } },
      });
      expect(textOf(found)).toContain("x");
    }
  });
});

describe("what a server says besides answers reaches a client of the older transport", () => {
  it("progress and log lines during a call", async () => {
    const client = await keep(connectOlderV1(`${originOf("streamable")}/sse`));
    const progress: number[] = [];
    // This SDK forgets a progress that comes at once with its result, so it is asked for again.
    await waitFor("progress", async () => {
      await client.callTool({ name: "test_tool_with_progress", arguments: {} }, undefined, {
        onprogress: (each) => void progress.push(each.progress),
      });
      return progress.length > 0;
    });
  });

  it.each(["streamable", "stdio", "sse"] as const)(
    "questions of a %s server, and the answers go back",
    async (server) => {
      const client = await keep(connectOlderV1(`${originOf(server)}/sse`));
      const call =
        server === "streamable"
          ? { name: "test_sampling", arguments: { prompt: "x" } }
          : { name: "trigger-sampling-request", arguments: { prompt: "x", maxTokens: 5 } };
      expect(textOf(await client.callTool(call))).toContain("from the client");
    },
  );

  it("an answer whose stream the server closed early is fetched", async () => {
    const client = await keep(connectOlderV1(`${originOf("streamable")}/sse`));
    const result = await client.callTool({ name: "test_reconnection", arguments: {} });
    expect(result.isError).not.toBe(true);
  });

  it("changes of its lists, which come unasked", async () => {
    const [before] = counting.open();
    const client = await keep(connectOlderV1(`${originOf("counting")}/sse`));
    let changes = 0;
    client.fallbackNotificationHandler = () => {
      changes++;
      return Promise.resolve();
    };
    const mine = counting.open().findLast((stream) => stream !== before) ?? "";
    await waitFor("the change is heard", () => {
      counting.say(mine, { jsonrpc: "2.0", method: "notifications/tools/list_changed" });
      return changes > 0;
    });
  });
});

/** How many calls of a tool a server of the older transport got, by its own count. */
const arrived = (tool: string): number =>
  counting.posted.filter(({ message }) => message.params?.["name"] === tool).length;

describe("policy", () => {
  it("a denied tool is in no list of either transport, and no call of it reaches a server of the older one", async () => {
    const url = `${originOf("counting")}/sse`;
    const attempts: OlderClient[] = [await keep(connectOlderV1(url)), await keep(connectLegacy(url))];
    for (const client of attempts) {
      expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["echo", "progress"]);
      await expect(client.callTool({ name: "silent" })).rejects.toThrow("Unknown tool: silent");
    }
    expect(arrived("silent")).toBe(0);
    await attempts[0]?.callTool({ name: "echo" });
    expect(arrived("echo")).toBeGreaterThan(0);
  });

  it("a denied tool is in no list of a client of the older transport, and no call of it reaches any server", async () => {
    const client = await keep(connectOlderV1(`${originOf("streamable")}/sse`));
    expect((await client.listTools()).tools.map(({ name }) => name)).not.toContain("test_error_handling");
    await expect(client.callTool({ name: "test_error_handling" })).rejects.toThrow("Unknown tool");
    await client.callTool({ name: "test_simple_text" });
    const { calls } = (await (await fetch(new URL("/calls", streamable))).json()) as { calls: Record<string, number> };
    expect(calls["test_error_handling"]).toBeUndefined();
    expect(calls["test_simple_text"]).toBeGreaterThan(0);
  });

  it("a message that can be read in two ways is refused with its POST", async () => {
    const { messages } = await openByHand("counting");
    const twice = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","name":"silent"}}';
    expect((await postRaw(messages, twice)).status).toBe(400);
    expect(arrived("silent")).toBe(0);
  });
});

/** Opens a stream by hand; `messages` is where to post. */
async function openByHand(
  of: keyof typeof sidecars,
  options: { readonly path?: string; readonly headers?: Record<string, string>; readonly localAddress?: string } = {},
): Promise<{ readonly status: number; readonly messages: string; readonly response: IncomingMessage }> {
  const { path = "/sse", headers = {}, localAddress } = options;
  const request = httpRequest(originOf(of) + path, {
    headers: { accept: "text/event-stream", ...headers },
    ...(localAddress === undefined ? {} : { localAddress }),
  }).end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  clients.push({ close: () => Promise.resolve(void request.destroy()) });
  if (response.statusCode !== 200) return { status: response.statusCode ?? 0, messages: "", response };
  const [chunk] = (await once(response, "data")) as [Buffer];
  const endpoint = /^event: endpoint\ndata: (\S+)\n/.exec(chunk.toString())?.[1] ?? "";
  return { status: 200, messages: originOf(of) + endpoint, response };
}

describe("a session of the older transport", () => {
  const ping = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });

  it("names an endpoint beside ours, never the server's", async () => {
    const { messages } = await openByHand("counting");
    expect(new URL(messages).pathname).toBe("/sse/messages");
    expect((await postRaw(`${originOf("counting")}/messages?session=1`, ping)).status).toBe(404);
  });

  it("is unknown to others, and with a made-up name", async () => {
    const { messages } = await openByHand("counting", { localAddress: "127.0.0.2" });
    expect((await postRaw(messages, ping)).status).toBe(404);
    expect((await postRaw(`${originOf("counting")}/sse/messages?sessionId=x`, ping)).status).toBe(404);
    expect((await postRaw(`${originOf("counting")}/sse/messages`, ping)).status).toBe(404);
  });

  it("is refused under a foreign name, from a foreign page, and to who takes no events", async () => {
    expect((await openByHand("counting", { headers: { host: "evil.example" } })).status).toBe(403);
    expect((await openByHand("counting", { headers: { origin: "https://evil.example" } })).status).toBe(403);
    expect((await openByHand("counting", { headers: { accept: "application/json" } })).status).toBe(400);
  });

  it("ends at the server when its client leaves", async () => {
    const before = new Set(counting.open());
    const client = await connectOlderV1(`${originOf("counting")}/sse`);
    const opened = (): string[] => counting.open().filter((stream) => !before.has(stream));
    await waitFor("its stream is open", () => opened().length > 0);
    await client.close();
    await waitFor("its stream is closed", () => opened().length === 0);
  });

  it("ends when the server has ended it: what is under way fails with a reason, and the stream ends", async () => {
    const before = new Set(counting.open());
    const { messages, response } = await openByHand("counting");
    let said = "";
    response.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const clientInfo = { name: "by hand", version: "1" };
    const params = { protocolVersion: "2024-11-05", capabilities: {}, clientInfo };
    await postRaw(messages, JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params }));
    await waitFor("it is open", () => said.includes('"id":1'));
    await postRaw(messages, JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }));
    const call = { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "quiet" } };
    expect((await postRaw(messages, JSON.stringify(call))).status).toBe(202);
    await waitFor("the call is there", () => arrived("quiet") === 1);
    counting.drop(counting.open().find((stream) => !before.has(stream)) ?? "");
    await once(response, "end");
    expect(said).toContain('"id":2,"error"');
    expect(said).toContain("UpstreamBroken");
    expect((await postRaw(messages, ping)).status).toBe(404);
  });

  it("refuses a message of the modern era, which it cannot be of, with its id and on the stream", async () => {
    const { messages, response } = await openByHand("counting");
    const meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };
    const body = JSON.stringify({ jsonrpc: "2.0", id: "m", method: "tools/list", params: { _meta: meta } });
    let said = "";
    response.on("data", (chunk: Buffer) => (said += chunk.toString()));
    expect((await postRaw(messages, body)).status).toBe(202);
    // A keep-alive may come before it.
    await waitFor("the refusal is on the stream", () => said.includes('"id":"m","error"'));
  });
});

describe("the transport of a server", () => {
  it("F-032 is stdio, SSE or Streamable HTTP: found out where nobody said it, and shown in the state of the server", async () => {
    const [found, detected, said, child] = await Promise.all([
      readState(sidecars.sse.controlUrl, isReady),
      readState(sidecars.streamable.controlUrl, isReady),
      readState(sidecars.counting.controlUrl, isReady),
      readState(sidecars.stdio.controlUrl, isReady),
    ]);
    expect(found).toMatchObject({ era: "legacy", transport: { kind: "sse", by: "detection" } });
    expect(detected).toMatchObject({ transport: { kind: "streamable-http", by: "detection" } });
    expect(said).toMatchObject({ transport: { kind: "sse", by: "configuration" } });
    expect(child).toMatchObject({ transport: { kind: "stdio", by: "configuration" } });
    expect(Math.abs(Date.now() - (found.transport?.atMs ?? 0))).toBeLessThan(120_000);
    const entries = Object.entries(sidecars).map(([name, sidecar]) => [name, sidecar.entry()]);
    const aggregator = await startAggregatorProgram(Object.fromEntries(entries) as Record<string, object>);
    clients.push(aggregator);
    await aggregator.ready();
    const { servers } = (await aggregator.get("/api/v1/servers")) as {
      servers: readonly { readonly name: string; readonly transport?: string }[];
    };
    expect(Object.fromEntries(servers.map(({ name, transport }) => [name, transport]))).toEqual({
      streamable: "streamable-http",
      sse: "sse",
      stdio: "stdio",
      counting: "sse",
    });
  });

  it("is found out anew when another server answers at the same address", async () => {
    const first = await startSseServer({ path: "/mcp" });
    const sidecar = await startRealSidecar(programs, "changing", ["--upstream", `${first.origin}/mcp`]);
    await readState(sidecar.controlUrl, ({ transport }) => transport?.kind === "sse");
    await first.close();
    const { port } = new URL(first.origin);
    await programs.start(["--conditions=outrigger-source", conformanceServer, "--port", port], (line) => line);
    await readState(sidecar.controlUrl, ({ transport }) => transport?.kind === "streamable-http");
    const client = await keep(connectModern(sidecar.dataUrl));
    expect(textOf(await client.callTool({ name: "test_simple_text" }))).toContain("simple text");
  });
});
