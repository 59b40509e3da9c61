/** Clients of the older HTTP+SSE transport at the running aggregator: what they are served, and what they are refused. */
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { afterEach, describe, expect, it } from "vitest";
import { startAggregatorProgram, type RunningAggregator } from "../fixtures/aggregator.ts";
import { sendResult, textResult } from "../fixtures/fake-sidecar/data.ts";
import { makeTool, startFakeSidecar, type FakeSidecar } from "../fixtures/fake-sidecar/sidecar.ts";
import { connectLegacy, openSession, postRaw, textOf } from "../fixtures/mcp-clients.ts";
import { connectOlderV1, connectOlderV2, type OlderClient } from "../fixtures/older-clients.ts";
import { waitFor } from "../fixtures/wait-for.ts";

let git: FakeSidecar;
let files: FakeSidecar;
let aggregator: RunningAggregator;
let running: RunningAggregator | undefined;
const ends: (() => unknown)[] = [];

async function start(flags: readonly string[] = []): Promise<void> {
  git = await startFakeSidecar("git", {
    tools: [makeTool("create_branch", "Creates a branch in a repository."), makeTool("search", "Searches commits.")],
  });
  files = await startFakeSidecar("files", { era: "modern", tools: [makeTool("read_file", "Reads a file from disk.")] });
  ends.push(
    () => git.close(),
    () => files.close(),
  );
  await startAggregator(flags);
}

async function startAggregator(flags: readonly string[]): Promise<void> {
  aggregator = await startAggregatorProgram({ git: git.entry({ group: "code" }), files: files.entry() }, flags);
  running = aggregator;
  ends.push(endAggregator);
  await aggregator.ready();
}

/** Ends the aggregator that runs, if one does. */
async function endAggregator(): Promise<void> {
  const ending = running;
  running = undefined;
  await ending?.close();
}

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function keep<C extends OlderClient>(connecting: Promise<C>): Promise<C> {
  const client = await connecting;
  ends.push(() => client.close());
  return client;
}

describe.each([
  ["SDK v1", connectOlderV1],
  ["SDK v2", connectOlderV2],
] as const)("a client of the older transport (%s)", (_name, connect) => {
  it.each(["/sse", "/sse/", "/mcp/sse"])(
    "lists, searches and calls at %s, whatever the era of a server",
    async (path) => {
      await start();
      const client = await keep<OlderClient>(connect(aggregator.url + path));
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(["call_tool", "describe_tool", "find_tool", "list_servers"]);
      for (const [task, name] of [
        ["make a new branch", "git__create_branch"],
        ["read a file", "files__read_file"],
      ] as const) {
        const found = await client.callTool({ name: "find_tool", arguments: { description: task } });
        expect(JSON.parse(textOf(found))).toMatchObject({
          tools: expect.arrayContaining([expect.objectContaining({ name })]) as [],
        });
        const called = await client.callTool({ name: "call_tool", arguments: { name, arguments: { text: "hello" } } });
        expect(textOf(called)).toBe('{"text":"hello"}');
      }
      await expect(client.callTool({ name: "git__create_brnch" })).rejects.toMatchObject({
        code: -32_602,
        message: expect.stringContaining("The nearest names are: git__create_branch") as string,
      });
      expect(await aggregator.metrics()).toContain("outrigger_aggregator_sessions 1\n");
    },
  );

  it("sees at a group's address what is in the group, and nothing else", async () => {
    await start(["--mode", "direct"]);
    const client = await keep<OlderClient>(connect(`${aggregator.url}/mcp/g/code/sse`));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["git__create_branch", "git__search"]);
    expect(textOf(await client.callTool({ name: "git__search", arguments: { text: "a" } }))).toBe('{"text":"a"}');
    await expect(client.callTool({ name: "files__read_file" })).rejects.toMatchObject({ code: -32_602 });
    expect(files.data.received.filter(({ method }) => method === "tools/call")).toEqual([]);
  });
});

it("many clients at once get their own answers, each over a session of its own with the server", async () => {
  await start();
  const clients = await Promise.all(Array.from({ length: 20 }, () => keep(connectOlderV1(`${aggregator.url}/sse`))));
  const asked = clients.flatMap((client, of) => Array.from({ length: 5 }, (_, call) => ({ client, of, call })));
  const answers = asked.map(({ client, of, call }) => {
    return client.callTool({ name: "git__search", arguments: { text: `${of} ${call}` } }).then(textOf);
  });
  expect(await Promise.all(answers)).toEqual(asked.map(({ of, call }) => JSON.stringify({ text: `${of} ${call}` })));
  expect(git.data.sessions.size).toBe(20);
  await Promise.all(clients.map((client) => client.close()));
  await waitFor("the end of the sessions with the server", () => git.data.sessions.size === 0);
  expect(await aggregator.metrics()).toContain("outrigger_aggregator_sessions 0\n");
});

it("hears of progress during a call, and that the list of tools has changed", async () => {
  await start(["--mode", "direct"]);
  const client = await keep(connectOlderV1(`${aggregator.url}/sse`));
  const heard = Promise.withResolvers<number>();
  git.data.answer(({ id, progressToken, res }) => {
    const send = (message: object): void =>
      void res.write(`data: ${JSON.stringify({ jsonrpc: "2.0", ...message })}\n\n`);
    res.writeHead(200, { "content-type": "text/event-stream" });
    send({ method: "notifications/progress", params: { progressToken, progress: 1, total: 2 } });
    void heard.promise.then(() => {
      send({ id, result: { content: [{ type: "text", text: "done" }] } });
      res.end();
    });
  });
  const onprogress = ({ progress }: { progress: number }): void => heard.resolve(progress);
  expect(textOf(await client.callTool({ name: "git__search" }, undefined, { onprogress }))).toBe("done");
  expect(await heard.promise).toBe(1);

  let names: readonly string[] = [];
  client.setNotificationHandler(ToolListChangedNotificationSchema, async () => {
    names = (await client.listTools()).tools.map(({ name }) => name);
  });
  files.control.list([makeTool("write_file")]);
  const changed = ["files__write_file", "git__create_branch", "git__search"];
  await waitFor("the new list", () => names.join() === changed.join());
});

it("gives up a call that its client cancels, and all calls of a client that leaves", async () => {
  await start();
  let gone = 0;
  let calls = 0;
  git.data.answer(({ res }) => {
    calls++;
    res.on("close", () => gone++);
  });
  const client = await keep(connectOlderV1(`${aggregator.url}/sse`));
  const cancelling = new AbortController();
  const cancelled = client.callTool({ name: "git__search" }, undefined, { signal: cancelling.signal });
  await waitFor("the call to arrive", () => calls === 1);
  cancelling.abort();
  await expect(cancelled).rejects.toThrow("abort");
  await waitFor("the server to be left alone", () => gone === 1);
  const left = client.callTool({ name: "git__search" }).catch(() => "left");
  await waitFor("the second call to arrive", () => calls === 2);
  await client.close();
  expect(await left).toBe("left");
  await waitFor("the server to be left alone again", () => gone === 2);
});

/** Opens a stream by hand. */
async function openByHand(path = "/sse", headers: Record<string, string> = {}) {
  const sent = httpRequest(aggregator.url + path, { headers: { accept: "text/event-stream", ...headers } }).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  ends.push(() => sent.destroy());
  response.on("error", () => undefined);
  const state = { text: "", hasEnded: false };
  response.on("data", (chunk: Buffer) => (state.text += chunk.toString()));
  response.on("end", () => (state.hasEnded = true));
  if (response.statusCode !== 200) {
    await waitFor("the refusal", () => state.hasEnded);
    return { response, state, messages: "" };
  }
  await waitFor("the endpoint", () => state.text.includes("\n\n"));
  const endpoint = /^event: endpoint\ndata: (\S+)\n/.exec(state.text)?.[1] ?? "";
  return { response, state, messages: aggregator.url + endpoint };
}

const ping = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" });

describe("the older transport", () => {
  it("names beside each endpoint where to post, and a session of one is unknown to the others", async () => {
    await start();
    const root = await openByHand();
    const group = await openByHand("/mcp/g/code/sse");
    const [ofRoot, ofGroup] = [new URL(root.messages), new URL(group.messages)];
    expect([ofRoot.pathname, ofGroup.pathname]).toEqual(["/mcp/messages", "/mcp/g/code/messages"]);
    expect((await postRaw(root.messages, ping)).status).toBe(202);
    await waitFor("the answer", () => root.state.text.includes('"id":1'));
    for (const [path, search] of [
      ["/mcp/messages", ofGroup.search],
      ["/mcp/g/code/messages", ofRoot.search],
      ["/mcp/messages", "?sessionId=made-up"],
      ["/mcp/messages", ""],
    ] as const) {
      const { status, messages } = await postRaw(`${aggregator.url}${path}${search}`, ping);
      expect([status, messages[0]?.["error"]]).toEqual([
        404,
        { code: -32_600, message: "The session is not known or has ended." },
      ]);
    }
    expect((await postRaw(`${aggregator.url}/mcp/g/nobody/messages${ofRoot.search}`, ping)).status).toBe(404);
    expect((await openByHand("/mcp/g/nobody/sse")).response.statusCode).toBe(404);
  });

  it("does not share its sessions with Streamable HTTP, in either direction", async () => {
    await start();
    const { messages } = await openByHand();
    const id = new URL(messages).searchParams.get("sessionId") ?? "";
    expect((await postRaw(`${aggregator.url}/mcp`, ping, { "mcp-session-id": id })).status).toBe(404);
    const session = await openSession(`${aggregator.url}/mcp`);
    const other = `${aggregator.url}/mcp/messages?sessionId=${session["mcp-session-id"] ?? ""}`;
    expect((await postRaw(other, ping)).status).toBe(404);
  });

  it("says where it is to a client that asks the MCP path for a stream", async () => {
    await start();
    const { response, state } = await openByHand("/mcp");
    expect(response.statusCode).toBe(405);
    expect(state.text).toContain("at /sse behind this path");
    expect((await postRaw(`${aggregator.url}/sse`, ping)).status).toBe(404);
    expect((await fetch(`${aggregator.url}/sse`, { method: "HEAD" })).status).toBe(404);
  });

  it("refuses foreign Hosts and Origins for streams and for messages, and accepts configured ones", async () => {
    await start(["--hosts", "mcp.tools.svc", "--origins", "https://app.example"]);
    const foreign: Record<string, string>[] = [{ host: "evil.example" }, { origin: "https://evil.example" }];
    for (const headers of foreign) {
      expect((await openByHand("/sse", headers)).response.statusCode).toBe(403);
      expect((await openByHand("/mcp/g/code/sse", headers)).response.statusCode).toBe(403);
    }
    const { messages } = await openByHand("/sse", { host: "mcp.tools.svc", origin: "https://app.example" });
    expect((await postRaw(messages, ping, { origin: "https://evil.example" })).status).toBe(403);
    expect((await postRaw(messages, ping, { origin: "https://app.example" })).status).toBe(202);
  });

  it("refuses with the POST what can't be read as one message, is too large, or is of the modern era", async () => {
    await start();
    const { messages, state } = await openByHand();
    const claim = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };
    const cases: [string, string, Record<string, string>, number][] = [
      ["no JSON", "{", {}, 400],
      ["a duplicate key", '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', {}, 400],
      ["wrong media type", ping, { "content-type": "text/plain" }, 415],
      ["too large", JSON.stringify({ x: "y".repeat(4 * 1024 * 1024) }), {}, 413],
      ["modern", JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: { _meta: claim } }), {}, 400],
      ["unknown revision", ping, { "mcp-protocol-version": "1999-01-01" }, 400],
      ["a batch after 2025-03-26", `[${ping}]`, { "mcp-protocol-version": "2025-06-18" }, 400],
    ];
    for (const [name, body, headers, status] of cases) {
      const answer = await postRaw(messages, body, headers);
      expect([name, answer.status, answer.messages.length]).toEqual([name, status, 1]);
    }
    expect(state.text).not.toContain('"id"');
  });

  it("keeps 1,000 streams open and refuses the next with a time to come again; those of Streamable HTTP go on", async () => {
    await start();
    const opened = Array.from({ length: 1_000 }, () => openByHand());
    const streams = await Promise.all(opened);
    expect(new Set(streams.map(({ messages }) => messages)).size).toBe(1_000);
    const refused = await openByHand();
    expect([refused.response.statusCode, refused.response.headers["retry-after"]]).toEqual([429, "5"]);
    expect(refused.state.text).toContain("No more than 1000 streams of the older transport");
    const other = await connectLegacy(`${aggregator.url}/mcp`);
    ends.push(() => other.close());
    expect((await other.listTools()).tools).toHaveLength(4);
    streams[0]?.response.destroy();
    const next = await waitFor("room for one more", async () => {
      const tried = await openByHand();
      return tried.response.statusCode === 200 && tried;
    });
    expect((await postRaw(next.messages, ping)).status).toBe(202);
  });

  it("ends the stream of a client that does not read, with its session, and serves the others", async () => {
    await start();
    const [stuck, other] = [await openByHand(), await openByHand()];
    stuck.response.pause();
    const large = "x".repeat(4 * 1024 ** 2);
    git.data.answer(({ id, res }) => sendResult(res, id, textResult(large)));
    let id = 0;
    const call = (): string =>
      JSON.stringify({ jsonrpc: "2.0", id: ++id, method: "tools/call", params: { name: "git__search" } });
    await waitFor("the end of its session", async () => (await postRaw(stuck.messages, call())).status === 404);
    expect(id).toBeLessThan(256);
    expect(await aggregator.metrics()).toContain("outrigger_aggregator_sessions 1\n");
    expect((await postRaw(other.messages, call())).status).toBe(202);
    await waitFor("the answer to the other", () => other.state.text.includes(`{"type":"text","text":"${large}"}`));
  });
});

describe("the end of the aggregator", () => {
  it("ends every stream in order", async () => {
    await start();
    const streams = [await openByHand(), await openByHand("/mcp/g/code/sse")];
    await endAggregator();
    await waitFor("the end of the streams", () => streams.every(({ state }) => state.hasEnded));
    for (const { response, state } of streams) {
      expect([response.complete, state.text.includes("this stream ends in order")]).toEqual([true, true]);
    }
  });

  it("is not the end of its clients: with the next aggregator at its address they go on", async () => {
    const port = await findFreePort();
    await start(["--listen", `127.0.0.1:${port}`]);
    const client = await keep(connectOlderV1(`${aggregator.url}/sse`));
    expect(textOf(await client.callTool({ name: "git__search", arguments: { text: "a" } }))).toBe('{"text":"a"}');
    await endAggregator();
    await startAggregator(["--listen", `127.0.0.1:${port}`]);
    const answer = await waitFor("an answer", () => client.callTool({ name: "git__search", arguments: { text: "b" } }));
    expect(textOf(answer)).toBe('{"text":"b"}');
  });
});
