/** `outrigger stdio`: clients that speak stdio only, on a real endpoint, and what becomes of messages when the endpoint fails. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client as ClientV2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { CreateMessageRequestSchema, ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { afterEach, describe, expect, it } from "vitest";
import { startEverything } from "../demo/stage/http-servers.ts";
import { repositoryEnvironment } from "../demo/stage/root.ts";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { makeTool, startFakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { textOf } from "../fixtures/mcp-clients.ts";
import { sendJson, startScriptedEndpoint, type ScriptedEndpoint } from "../fixtures/scripted-endpoint.ts";
import { startFront, stdioCommand, type HandFront } from "../fixtures/stdio-front.ts";
import { makeTestFolder } from "../fixtures/temporary-folder.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const info = { name: "stdio-test", version: "1.0.0" };

async function startAggregator(): Promise<{ aggregator: RunningAggregator; add: () => Promise<void> }> {
  const sidecars = [await startFakeSidecar("files"), await startFakeSidecar("git", { tools: [makeTool("log")] })];
  for (const sidecar of sidecars) ends.push(() => sidecar.close());
  const [files, git] = sidecars;
  const aggregator = await startAggregatorProgram({ files: files!.entry() }, ["--mode", "direct"]);
  ends.push(() => aggregator.close());
  await aggregator.ready();
  return { aggregator, add: () => aggregator.serve({ files: files!.entry(), git: git!.entry() }) };
}

it("F-180 carries an SDK v1 stdio client in the legacy era: lists, calls, and tells it of a new tool", async () => {
  const { aggregator, add } = await startAggregator();
  const client = new ClientV1(info);
  let changes = 0;
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
    changes++;
  });
  await client.connect(new StdioV1(stdioCommand(["--endpoint", aggregator.url])));
  ends.push(() => client.close());
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["files__echo"]);
  expect(textOf(await client.callTool({ name: "files__echo", arguments: { text: "hé" } }))).toBe('{"text":"hé"}');
  await add();
  await waitFor("the news of the tool", () => changes > 0);
  expect((await client.listTools()).tools.map(({ name }) => name)).toContain("git__log");
});

it("F-180 carries an SDK v2 stdio client in the modern era, its open subscription included", async () => {
  const { aggregator, add } = await startAggregator();
  let changes = 0;
  const client = new ClientV2(info, {
    versionNegotiation: { mode: { pin: "2026-07-28" } },
    listChanged: {
      tools: {
        onChanged: () => {
          changes++;
        },
      },
    },
  });
  await client.connect(new StdioV2(stdioCommand(["--endpoint", aggregator.url])));
  ends.push(() => client.close());
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["files__echo"]);
  expect(textOf(await client.callTool({ name: "files__echo", arguments: { text: "w" } }))).toBe('{"text":"w"}');
  await add();
  await waitFor("the news of the tool", () => changes > 0);
});

it("F-180 carries what a server asks of its client, and the answer", async () => {
  const everything = await startEverything(repositoryEnvironment());
  ends.push(() => everything.stop());
  const client = new ClientV1(info, { capabilities: { sampling: {} } });
  client.setRequestHandler(CreateMessageRequestSchema, (request) => ({
    model: "none",
    role: "assistant",
    content: { type: "text", text: `asked: ${JSON.stringify(request.params.messages[0]?.content)}` },
  }));
  await client.connect(new StdioV1(stdioCommand(["--endpoint", everything.url])));
  ends.push(() => client.close());
  const called = await client.callTool({
    name: "trigger-sampling-request",
    arguments: { prompt: "why", maxTokens: 10 },
  });
  expect(textOf(called)).toContain("why");
  expect(textOf(called)).toContain("asked: ");
});

describe("with an endpoint that a test scripts", () => {
  const start = async (args: readonly string[] = []): Promise<{ endpoint: ScriptedEndpoint; front: HandFront }> => {
    const endpoint = await startScriptedEndpoint();
    ends.push(() => endpoint.close());
    const front = startFront(["--endpoint", endpoint.url, ...args]);
    ends.push(() => {
      front.kill("SIGTERM");
      return front.end();
    });
    return { endpoint, front };
  };
  const initialize = '{"jsonrpc":"2.0","id":"first","method":"initialize","params":{"protocolVersion":"2025-06-18"}}';
  const initialized = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
  const open = async (front: HandFront): Promise<void> => {
    front.say(initialize);
    front.say(initialized);
    await front.answerTo("first");
  };
  const meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}';

  it("passes the bytes of both sides, and takes line ends out of an answer", async () => {
    const { endpoint, front } = await start();
    await open(front);
    const asked = '{ "jsonrpc":"2.0", "id":  7,"method":"odd/thing","params":{"n":1.50,"u":"\\u00e9"}, "extra":[1] }';
    endpoint.on("odd/thing", (_request, response) =>
      sendJson(response, 200, '{\r\n  "id": 7,\n "jsonrpc": "2.0", "result": {"n": 1.50, "x": "a\\nb"}\n}\n'),
    );
    front.say(asked);
    await front.answerTo(7);
    expect(endpoint.seen.at(-1)?.text).toBe(asked);
    expect(endpoint.seen.at(-1)?.headers).toMatchObject({
      "mcp-session-id": "s1",
      "mcp-protocol-version": "2025-06-18",
    });
    expect(front.lines.at(-1)).toMatch(/^\{ +"id": 7, +"jsonrpc": "2\.0", "result": \{"n": 1\.50, "x": "a\\nb"\} \}$/);
  });

  it("mirrors method, name and revision of a modern request in its headers", async () => {
    const { endpoint, front } = await start();
    front.say(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"über","arguments":{},${meta}}}`);
    await waitFor("the request", () => endpoint.seen.length === 1);
    expect(endpoint.seen[0]?.headers).toMatchObject({
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": `=?base64?${Buffer.from("über").toString("base64")}?=`,
    });
    expect(endpoint.seen[0]?.headers).not.toHaveProperty("mcp-session-id");
  });

  it("ends the stream of a modern request that is cancelled, and passes the cancellation of a legacy one", async () => {
    const { endpoint, front } = await start();
    endpoint.on("slow", (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    });
    front.say(`{"jsonrpc":"2.0","id":1,"method":"slow","params":{${meta}}}`);
    await waitFor("the call", () => endpoint.seen.length === 1);
    front.say(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,${meta}}}`);
    await waitFor("its end", () => endpoint.seen[0]?.isOpen() === false);
    await open(front);
    front.say('{"jsonrpc":"2.0","id":2,"method":"slow"}');
    await waitFor("the call", () => endpoint.seen.at(-1)?.method === "slow");
    front.say('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}');
    await waitFor("the cancellation", () => endpoint.seen.at(-1)?.method === "notifications/cancelled");
    expect(endpoint.seen.filter(({ method }) => method === "slow").map((each) => each.isOpen())).toEqual([false, true]);
    expect(front.lines).toHaveLength(1);
  });

  it("opens a session anew once that the endpoint has lost, with what it had been told, and repeats the request", async () => {
    const { endpoint, front } = await start();
    await open(front);
    front.say('{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"a://b"}}');
    await waitFor("the subscription", () => endpoint.seen.at(-1)?.method === "resources/subscribe");
    endpoint.on("tools/list", ({ id, headers }, response) => {
      if (headers["mcp-session-id"] === "s1")
        sendJson(response, 404, '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"gone"}}');
      else sendJson(response, 200, JSON.stringify({ jsonrpc: "2.0", id, result: { tools: [] } }));
    });
    front.say('{"jsonrpc":"2.0","id":2,"method":"tools/list"}');
    front.say('{"jsonrpc":"2.0","id":3,"method":"tools/list"}');
    expect([await front.answerTo(2), await front.answerTo(3)]).toMatchObject([{ result: {} }, { result: {} }]);
    const inSecond = endpoint.seen.filter(({ headers }) => headers["mcp-session-id"] === "s2");
    expect(inSecond.map(({ method }) => method)).toEqual(
      expect.arrayContaining(["notifications/initialized", "resources/subscribe", "tools/list"]),
    );
    expect(endpoint.seen.filter(({ method }) => method === "initialize")).toHaveLength(2);
    expect(front.stderr()).toContain("The session was gone; it is opened anew.");
    expect(front.lines.filter((line) => line.includes('"first"'))).toHaveLength(1);
  });

  it("goes on with an answer whose stream was closed early, and answers with an error where that can't be", async () => {
    const { endpoint, front } = await start();
    await open(front);
    endpoint.on("paused", (_request, response) =>
      response.writeHead(200, { "content-type": "text/event-stream" }).end("id: e1\nretry: 1\ndata:\n\n"),
    );
    endpoint.on("GET", ({ headers }, response) => {
      if (headers["last-event-id"] !== "e1") response.writeHead(405).end();
      else
        response
          .writeHead(200, { "content-type": "text/event-stream" })
          .end('data: {"jsonrpc":"2.0","id":4,"result":{}}\n\n');
    });
    front.say('{"jsonrpc":"2.0","id":4,"method":"paused"}');
    expect(await front.answerTo(4)).toMatchObject({ result: {} });
    endpoint.on("broken", (_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" }).write("{");
      response.destroy();
    });
    front.say('{"jsonrpc":"2.0","id":5,"method":"broken"}');
    expect(await front.answerTo(5)).toMatchObject({
      error: { code: 10_503, data: { outrigger: { reason: "UpstreamUnavailable" } } },
    });
  });

  it("sends the token of a file that is replaced meanwhile, and says what is missing where the endpoint refuses", async () => {
    const file = join(makeTestFolder("stdio"), "token");
    writeFileSync(file, "one\n");
    const { endpoint, front } = await start(["--token-file", file, "--header", "X-Team: data"]);
    await open(front);
    endpoint.on("tools/list", (_request, response) => response.writeHead(401).end());
    writeFileSync(file, "two\n");
    front.say('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
    const refused = await front.answerTo(1);
    expect(refused).toMatchObject({ error: { data: { outrigger: { reason: "CallerUnverified" } } } });
    expect(JSON.stringify(refused)).toContain("--token-file");
    expect(endpoint.seen.at(-1)?.headers).toMatchObject({ authorization: "Bearer two", "x-team": "data" });
    expect(endpoint.seen[0]?.headers).toMatchObject({ authorization: "Bearer one" });
  });

  it("answers what is no message, whatever else is under way", async () => {
    const { front } = await start();
    front.say("not json");
    front.say('{"jsonrpc":"2.0","id":9,"method":"x","method":"y"}');
    await waitFor("both answers", () => front.lines.length === 2);
    expect(front.lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { id: null, error: { code: -32_700 } },
      { error: { code: -32_600 } },
    ]);
  });

  it("ends with its standard input: the request under way is answered, the session given back, the exit code is 0", async () => {
    const { endpoint, front } = await start();
    await open(front);
    const held: (() => void)[] = [];
    endpoint.on("slow", ({ id }, response) => {
      held.push(() => sendJson(response, 200, JSON.stringify({ jsonrpc: "2.0", id, result: { late: true } })));
    });
    front.say('{"jsonrpc":"2.0","id":1,"method":"slow"}');
    await waitFor("the call", () => held.length === 1);
    const ended = front.end();
    held[0]?.();
    expect(await ended).toBe(0);
    expect(await front.answerTo(1)).toMatchObject({ result: { late: true } });
    expect(endpoint.seen.at(-1)).toMatchObject({ httpMethod: "DELETE", headers: { "mcp-session-id": "s1" } });
    expect(front.stderr()).toBe("");
  });
});

it("F-184 names the address and the setting where nobody answers, once on stderr and in every answer", async () => {
  const url = `http://127.0.0.1:${await findFreePort()}/mcp`;
  const front = startFront(["--endpoint", url, "--wait", "0s"]);
  front.say('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
  front.say('{"jsonrpc":"2.0","id":2,"method":"tools/list"}');
  const said = `can't reach ${url} (from --endpoint): nothing listens there (ECONNREFUSED).`;
  for (const id of [1, 2]) {
    expect(await front.answerTo(id)).toMatchObject({ error: { code: 10_503, message: `Outrigger ${said}` } });
  }
  expect(await front.end()).toBe(0);
  expect(front.stderr()).toBe(`outrigger stdio: ${said}\n`);
});

it("waits for an endpoint that is started after it", async () => {
  const port = await findFreePort();
  const front = startFront(["--endpoint", `http://127.0.0.1:${port}/mcp`]);
  front.say('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}');
  await waitFor("the word that it is away", () => front.stderr().includes("nothing listens there"));
  const endpoint = await startScriptedEndpoint(port);
  ends.push(() => endpoint.close());
  expect(await front.answerTo(1)).toMatchObject({ result: { protocolVersion: "2025-06-18" } });
  expect(await front.end()).toBe(0);
  expect(front.stderr()).toContain("answers again.");
});

it("ends at once on SIGTERM, and gives the session back", async () => {
  const endpoint = await startScriptedEndpoint();
  ends.push(() => endpoint.close());
  const front = startFront(["--endpoint", endpoint.url]);
  front.say('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}');
  await front.answerTo(1);
  endpoint.on("hang", () => undefined);
  front.say('{"jsonrpc":"2.0","id":2,"method":"hang"}');
  await waitFor("the call", () => endpoint.seen.at(-1)?.method === "hang");
  front.kill("SIGTERM");
  expect(await front.end()).toBe(0);
  expect(endpoint.seen.at(-1)?.httpMethod).toBe("DELETE");
});
