import { once } from "node:events";
import { createServer, request, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createEventSplitter } from "@outrigger/mcp";
import { afterEach, describe, expect, it, vi } from "vitest";
import { anonymous, type Principal } from "../../auth/principal.ts";
import { createLoneReplica } from "../../replicas/testing.ts";
import { RawServer } from "../raw-server.ts";
import type { ServedCaller } from "../server.ts";
import { createOlderSessions, type OlderSessionsOptions } from "./sessions.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** The sessions of an endpoint on a port, whose servers have one tool that answers never, and count what was given up. */
async function open(setup: Partial<OlderSessionsOptions> = {}) {
  const told = { ended: [] as string[], callers: [] as string[], aborted: 0 };
  const createRawServer = ({ session }: ServedCaller): RawServer => {
    const server = new RawServer({ name: "t", version: "1" }, { capabilities: { tools: { listChanged: true } } });
    server.server.setRequestHandler("tools/call", (_request, { mcpReq }) => {
      told.callers.push(session());
      const aborted = Promise.withResolvers<never>();
      mcpReq.signal.addEventListener("abort", () => {
        told.aborted++;
        aborted.reject(new Error("given up"));
      });
      return aborted.promise;
    });
    return server;
  };
  const sessions = createOlderSessions({
    path: "/mcp",
    replicas: createLoneReplica(),
    createServer: createRawServer,
    onEnded: (id) => void told.ended.push(id),
    nowMs: () => performance.now(),
    ...setup,
  });
  const http = createServer((req, res) => {
    const principal: Principal = { ...anonymous, kind: "User", name: String(req.headers["x-user"]) };
    if (req.method === "GET") void sessions.open(res, principal);
    else void readAll(req).then((body) => sessions.post(req, res, { principal, body, isForwarded: false }));
  }).listen(0, "127.0.0.1");
  closers.push(() => {
    http.closeAllConnections();
    http.close();
  });
  await once(http, "listening");
  // A server that listens has an address.
  return { sessions, told, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
}

async function readAll(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A client's stream with the messages that came on it. */
async function connect(url: string) {
  const sent = request(`${url}/sse`).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  closers.push(() => sent.destroy());
  response.on("error", () => undefined);
  const state = { endpoint: "", messages: [] as Record<string, unknown>[], hasEnded: false };
  const splitter = createEventSplitter({ maxEventBytes: 1024 ** 2 });
  response.on("data", (chunk: Buffer) => {
    for (const { event, data } of splitter.push(chunk).events) {
      if (event === "endpoint") state.endpoint = data ?? "";
      else if (data !== undefined) state.messages.push(JSON.parse(data) as Record<string, unknown>);
    }
  });
  response.on("end", () => (state.hasEnded = true));
  if (response.statusCode === 200) await until(() => state.endpoint !== "");
  const post = async (message: object, headers: Record<string, string> = {}): Promise<number> => {
    const answer = await fetch(url + state.endpoint, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ jsonrpc: "2.0", ...message }),
    });
    await answer.arrayBuffer();
    return answer.status;
  };
  return { response, state, post, leave: () => void sent.destroy() };
}

/** Connects and shakes hands. */
async function shakeHands(url: string) {
  const client = await connect(url);
  const clientInfo = { name: "by hand", version: "1" };
  const params = { protocolVersion: "2024-11-05", capabilities: {}, clientInfo };
  expect(await client.post({ id: 0, method: "initialize", params })).toBe(202);
  await until(() => client.state.messages.length === 1);
  expect(await client.post({ method: "notifications/initialized" })).toBe(202);
  return client;
}

const until = (wanted: () => boolean): Promise<void> =>
  vi.waitFor(() => expect(wanted()).toBe(true), { timeout: 10_000, interval: 5 });

describe("a session of the older transport", () => {
  it("is agreed on in its own revision, answers on its stream, and has its id as its caller, which its handle does not show", async () => {
    const { sessions, told, url } = await open();
    const client = await shakeHands(url);
    expect(client.state.messages[0]).toMatchObject({ id: 0, result: { protocolVersion: "2024-11-05" } });
    expect(await client.post({ id: "p", method: "ping" }, { "mcp-protocol-version": "2024-11-05" })).toBe(202);
    await until(() => client.state.messages.length === 2);
    expect(client.state.messages[1]).toEqual({ jsonrpc: "2.0", id: "p", result: {} });
    await client.post({ id: 1, method: "tools/call", params: { name: "silent" } });
    await until(() => told.callers.length === 1);
    // The client holds a sealed handle; who calls is known by the id within.
    expect(client.state.endpoint).toMatch(/^\/mcp\/messages\?sessionId=[\w-]{100,}$/);
    expect(client.state.endpoint).not.toContain(told.callers[0]);
    expect(sessions.count()).toBe(1);
  });

  it("takes messages from nobody but who opened it, as though it were not there", async () => {
    const { told, url } = await open();
    const client = await shakeHands(url);
    const call = { id: 1, method: "tools/call", params: { name: "silent" } };
    expect(await client.post(call, { "x-user": "another" })).toBe(404);
    expect(await client.post(call)).toBe(202);
    await until(() => told.callers.length === 1);
  });

  it("ends with its client: what is under way is given up, and its id is told and unknown from then on", async () => {
    const { sessions, told, url } = await open();
    const client = await shakeHands(url);
    await client.post({ id: 1, method: "tools/call", params: { name: "silent" } });
    await until(() => told.callers.length === 1);
    client.leave();
    await until(() => told.aborted === 1);
    expect(told.ended).toEqual(told.callers);
    expect(sessions.count()).toBe(0);
    expect(await client.post({ id: 2, method: "ping" })).toBe(404);
  });

  it("hears that the list of tools has changed", async () => {
    const { sessions, url } = await open();
    const clients = [await shakeHands(url), await shakeHands(url)];
    sessions.tellChanged("tools");
    await until(() => clients.every(({ state }) => state.messages.length === 2));
    expect(clients[1]?.state.messages[1]).toEqual({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
  });

  it("takes what a message of Streamable HTTP may be, and refuses the rest with the POST", async () => {
    const { url } = await open();
    const client = await shakeHands(url);
    const claim = { _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } };
    expect(await client.post({ id: 1, method: "tools/list", params: claim })).toBe(400);
    expect(await client.post({ id: 1, method: "ping" }, { "mcp-protocol-version": "2019-01-01" })).toBe(400);
    expect(await client.post({ id: 1, method: "ping" }, { "content-type": "text/plain" })).toBe(415);
    const messages = url + client.state.endpoint;
    const headers = { "content-type": "application/json" };
    const twice = '{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}';
    expect((await fetch(messages, { method: "POST", headers, body: twice })).status).toBe(400);
    expect((await fetch(`${url}/mcp/messages`, { method: "POST", headers, body: "{}" })).status).toBe(404);
    expect(client.state.messages).toHaveLength(1);
  });
});

describe("bounds of the older transport", () => {
  it("hold for sessions, with the time after which to come again, and one that ends makes room", async () => {
    const { sessions, url } = await open({ maxSessions: 2 });
    const first = await connect(url);
    await connect(url);
    const refused = await connect(url);
    expect([refused.response.statusCode, refused.response.headers["retry-after"]]).toEqual([429, "5"]);
    first.leave();
    await until(() => sessions.count() === 1);
    expect((await connect(url)).response.statusCode).toBe(200);
  });

  it("hold for streams that are asked for at once", async () => {
    const { sessions, url } = await open({ maxSessions: 3 });
    const connected = await Promise.all(Array.from({ length: 20 }, () => connect(url)));
    expect(connected.filter(({ response }) => response.statusCode === 200)).toHaveLength(3);
    expect(sessions.count()).toBe(3);
  });

  it("hold for requests under way in a session", async () => {
    const { url } = await open({ maxPending: 2 });
    const client = await shakeHands(url);
    const call = { method: "tools/call", params: { name: "silent" } };
    const statuses = await Promise.all([1, 2].map((id) => client.post({ id, ...call })));
    expect(statuses).toEqual([202, 202]);
    expect(await client.post({ id: 3, ...call })).toBe(429);
    expect(await client.post({ method: "notifications/cancelled", params: { requestId: 1 } })).toBe(202);
    expect(await client.post({ id: 3, ...call })).toBe(202);
  });
});

it("ends every stream in order when it is closed, and gives up what is under way", async () => {
  const { sessions, told, url } = await open();
  const clients = [await shakeHands(url), await shakeHands(url)];
  await clients[0]?.post({ id: 1, method: "tools/call", params: { name: "silent" } });
  await until(() => told.callers.length === 1);
  await sessions.close();
  await until(() => clients.every(({ state }) => state.hasEnded));
  expect(clients.every(({ response }) => response.complete)).toBe(true);
  expect([told.aborted, told.ended.length, sessions.count()]).toEqual([1, 2, 0]);
});
