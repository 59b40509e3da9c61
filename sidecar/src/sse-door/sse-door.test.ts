import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { createEventSplitter } from "@outrigger/mcp";
import { createLimitState } from "@outrigger/policy";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createPolicyHolder } from "../bundle/policy-in-force.ts";
import { createByteBudget } from "../call/budget.ts";
import { createDeadlines } from "../call/deadlines.ts";
import { createDoor } from "../call/receive.ts";
import { createRecorder } from "../call/record.ts";
import { createHttpUpstream } from "../upstream/http.ts";
import { createSseDoor, type SseDoor, type SseDoorOptions } from "./sse-door.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** What a server of Streamable HTTP got. */
interface Got {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly message: { readonly id?: string | number; readonly method?: string };
  readonly response: ServerResponse;
}

/** Answers a request, or leaves it to the test by doing nothing. */
type Answer = (got: Got) => void;

const answerJson = ({ response, message }: Got, result: object, headers: Record<string, string> = {}): void =>
  void response
    .writeHead(200, { "content-type": "application/json", ...headers })
    .end(JSON.stringify({ jsonrpc: "2.0", id: message.id, result }));

/** A server with sessions: hands out `theirs`, echoes methods, keeps its GET streams open. */
const answerUsually: Answer = (got) => {
  if (got.method === "DELETE") got.response.writeHead(200).end();
  else if (got.method === "GET") got.response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  else if (got.message.id === undefined) got.response.writeHead(202).end();
  else if (got.message.method === "initialize")
    answerJson(got, { protocolVersion: "2025-11-25" }, { "mcp-session-id": "theirs" });
  else answerJson(got, { echoed: got.message.method });
};

interface Setup extends Partial<SseDoorOptions> {
  readonly policy?: "missing";
}

/** The door before a server that does what `answer` says. */
async function openDoor(answer: Answer = answerUsually, setup: Setup = {}) {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    void readAll(request).then((text) => {
      const message = text === "" ? {} : (JSON.parse(text) as Got["message"]);
      const { method = "", url = "", headers } = request;
      got.push({ method, url, headers, message, response });
      answer({ method, url, headers, message, response });
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  // A server that listens has an address.
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const holder = createPolicyHolder({ base: "file", floor: [], wallNow: Date.now });
  if (setup.policy !== "missing") await holder.apply(new Map([["file", "{}"]]));
  const deadlines = createDeadlines(() => performance.now(), 10);
  const upstream = createHttpUpstream(origin, { maxCalls: 64, maxStreams: 64 });
  const sseDoor = createSseDoor({
    path: "/mcp",
    upstreamPath: "/mcp",
    isOlder: () => false,
    maxSessions: 64,
    random: () => crypto.randomUUID(),
    ...setup,
  });
  const door = createDoor(
    {
      server: "test",
      upstream,
      forward: { host: new URL(origin).host, extra: [] },
      policy: holder.current,
      limits: createLimitState(),
      deadlines,
      callTimeoutMs: 5_000,
      budget: createByteBudget(32 * 1024 ** 2),
      recorder: createRecorder({ isKnownTool: () => true }),
      now: () => performance.now(),
      onOutcome: () => undefined,
    },
    {
      path: "/mcp",
      upstreamPath: "/mcp",
      addresses: { hosts: new Set() },
      isLeaving: () => false,
      sseDoor,
    },
  );
  await door.listen({ host: "127.0.0.1", port: 0 });
  closers.push(async () => {
    sseDoor.close();
    await door.close();
    deadlines.close();
    await upstream.close();
  });
  return { got, sseDoor, url: `http://127.0.0.1:${(door.server.address() as AddressInfo).port}` };
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** A client's stream, with the messages that came on it. */
async function connect(url: string, path = "/sse", headers: Record<string, string> = {}) {
  const request = httpRequest(url + path, { headers }).end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  closers.push(() => void request.destroy());
  const messages: Record<string, unknown>[] = [];
  const state = { endpoint: "", hasEnded: false };
  const splitter = createEventSplitter({ maxEventBytes: 64 * 1024 ** 2 });
  response.on("data", (chunk: Buffer) => {
    for (const { event, data } of splitter.push(chunk).events) {
      if (event === "endpoint") state.endpoint = data ?? "";
      else if (data !== undefined) messages.push(JSON.parse(data) as Record<string, unknown>);
    }
  });
  response.on("end", () => (state.hasEnded = true));
  if (response.statusCode === 200) await until(() => state.endpoint !== "");
  const post = async (message: object, more: Record<string, string> = {}): Promise<number> => {
    const answer = await fetch(url + state.endpoint, {
      method: "POST",
      headers: { "content-type": "application/json", ...more },
      body: JSON.stringify({ jsonrpc: "2.0", ...message }),
    });
    await answer.arrayBuffer();
    return answer.status;
  };
  return { response, messages, state, post, leave: () => void request.destroy() };
}

/** Connects and shakes hands. */
async function open(url: string, path?: string) {
  const client = await connect(url, path);
  await client.post({ id: 0, method: "initialize", params: { protocolVersion: "2025-11-25" } });
  await until(() => client.messages.length === 1);
  await client.post({ method: "notifications/initialized" });
  return client;
}

const until = (wanted: () => boolean): Promise<void> =>
  vi.waitFor(() => expect(wanted()).toBe(true), { timeout: 5_000, interval: 5 });

describe("a client of the older transport before a server of the newer one", () => {
  it("is a client of one session, of the revision that was agreed, without knowing of either", async () => {
    const { got, url } = await openDoor();
    const client = await open(url);
    expect(await client.post({ id: "a", method: "tools/list" }, { "mcp-session-id": "forged" })).toBe(202);
    await until(() => client.messages.length === 2);
    expect(client.messages[1]).toEqual({ jsonrpc: "2.0", id: "a", result: { echoed: "tools/list" } });
    expect(got[0]?.headers["mcp-session-id"]).toBeUndefined();
    const later = got.filter(({ message }) => message.method !== "initialize");
    expect(later.map(({ method }) => method)).toContain("GET");
    for (const { headers } of later) {
      expect(headers).toMatchObject({ "mcp-session-id": "theirs", "mcp-protocol-version": "2025-11-25" });
    }
    expect(got.at(-1)?.headers.accept).toBe("application/json, text/event-stream");
  });

  it("keeps its credentials and the query of its stream with every message", async () => {
    const { got, url } = await openDoor();
    const client = await open(url, "/mcp/sse?tenant=7");
    await client.post({ id: 1, method: "ping" }, { authorization: "Bearer theirs" });
    await until(() => client.messages.length === 2);
    expect(new Set(got.map((each) => each.url))).toEqual(new Set(["/mcp?tenant=7"]));
    expect(got.at(-1)?.headers.authorization).toBe("Bearer theirs");
  });

  it("ends the server's session when it leaves", async () => {
    const { got, sseDoor, url } = await openDoor();
    const client = await open(url);
    client.leave();
    await until(() => got.some(({ method }) => method === "DELETE"));
    expect(got.at(-1)?.headers["mcp-session-id"]).toBe("theirs");
    expect(sseDoor.sessions()).toBe(0);
  });

  it("gets along with a server that has neither sessions nor streams of its own", async () => {
    const { got, url } = await openDoor((each) => {
      if (each.method === "GET") each.response.writeHead(405).end();
      else if (each.message.id === undefined) each.response.writeHead(202).end();
      else answerJson(each, { protocolVersion: "2025-06-18" });
    });
    const client = await open(url);
    await client.post({ id: 1, method: "ping" });
    await until(() => client.messages.length === 2);
    expect(got.filter(({ method }) => method === "GET")).toHaveLength(1);
    client.leave();
    await client.post({ id: 2, method: "ping" });
    expect(got.map(({ method }) => method)).not.toContain("DELETE");
  });

  it("has an answer fetched whose stream the server closed early, and hears of its own stream again after a pause", async () => {
    const { got, url } = await openDoor((each) => {
      const { method, headers, message, response } = each;
      if (method === "POST" && message.method === "tools/call") {
        response.writeHead(200, { "content-type": "text/event-stream" }).end("id: 3\nretry: 10\ndata:\n\n");
      } else if (method === "GET" && headers["last-event-id"] === "3") {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write('data: {"jsonrpc":"2.0","id":"late","result":{}}\n\n');
      } else answerUsually(each);
    });
    const client = await open(url);
    await client.post({ id: "late", method: "tools/call", params: { name: "x" } });
    await until(() => client.messages.length === 2);
    expect(client.messages[1]).toMatchObject({ id: "late", result: {} });
    const fetched = got.find(({ headers }) => headers["last-event-id"] === "3");
    await until(() => fetched?.response.destroyed === true);
  });

  it("reads what the server says unasked, also after the server has closed its stream", async () => {
    const { got, url } = await openDoor();
    const client = await open(url);
    const streams = (): Got[] => got.filter(({ method }) => method === "GET");
    await until(() => streams().length === 1);
    streams()[0]?.response.end('id: 9\ndata: {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n\n');
    await until(() => streams().length === 2);
    expect(streams()[1]?.headers["last-event-id"]).toBe("9");
    streams()[1]?.response.write('data: {"jsonrpc":"2.0","method":"notifications/prompts/list_changed"}\n\n');
    await until(() => client.messages.length === 3);
  });
});

describe("what goes wrong", () => {
  it("at the server is an error with the id of the request, on the stream", async () => {
    const { url } = await openDoor((each) => {
      if (each.message.method !== "ping") answerUsually(each);
      else
        each.response
          .writeHead(500, { "content-type": "application/json" })
          .end('{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"it broke"}}');
    });
    const client = await open(url);
    expect(await client.post({ id: "x", method: "ping" })).toBe(202);
    await until(() => client.messages.length === 2);
    expect(client.messages[1]).toMatchObject({ id: "x", error: { data: { outrigger: { reason: "UpstreamBroken" } } } });
    expect(JSON.stringify(client.messages[1])).toContain("HTTP 500: it broke");
  });

  it("with a message that awaits nothing is the status of its POST", async () => {
    const { url } = await openDoor((each) => {
      if (each.message.method === "notifications/odd") each.response.writeHead(403).end();
      else answerUsually(each);
    });
    const client = await open(url);
    expect(await client.post({ method: "notifications/odd" })).toBe(403);
    expect(client.messages).toHaveLength(1);
  });

  it("with the session ends the stream", async () => {
    const { sseDoor, url } = await openDoor((each) => {
      if (each.message.method === "ping") each.response.writeHead(404).end();
      else answerUsually(each);
    });
    const client = await open(url);
    await client.post({ id: 1, method: "ping" });
    await until(() => client.state.hasEnded);
    expect(client.messages[1]).toMatchObject({ id: 1, error: { data: { outrigger: { reason: "SessionUnknown" } } } });
    expect(sseDoor.sessions()).toBe(0);
  });

  it("without a policy no stream is opened", async () => {
    const { url } = await openDoor(answerUsually, { policy: "missing" });
    expect((await connect(url)).response.statusCode).toBe(503);
  });
});

describe("bounds of the older transport", () => {
  it("hold for sessions, and one that ends makes room", async () => {
    const { sseDoor, url } = await openDoor(answerUsually, { maxSessions: 1 });
    const first = await connect(url);
    const second = await connect(url);
    expect(second.response.statusCode).toBe(429);
    first.leave();
    await until(() => sseDoor.sessions() === 0);
    expect((await connect(url)).response.statusCode).toBe(200);
  });

  it("hold for requests under way in a session", async () => {
    const { got, url } = await openDoor(
      (each) => {
        if (each.message.method !== "ping") answerUsually(each);
      },
      { maxPending: 2 },
    );
    const client = await open(url);
    expect(await Promise.all([1, 2].map((id) => client.post({ id, method: "ping" })))).toEqual([202, 202]);
    expect(await client.post({ id: 3, method: "ping" })).toBe(429);
    await until(() => got.filter(({ message }) => message.method === "ping").length === 2);
    got.findLast(({ message }) => message.method === "ping")?.response.destroy();
    await until(() => client.messages.length === 2);
    expect(await client.post({ id: 3, method: "ping" })).toBe(202);
  });

  it("a client that does not read holds its server's answers up", async () => {
    const { got, url } = await openDoor();
    const client = await open(url);
    await until(() => got.some(({ method }) => method === "GET"));
    client.response.pause();
    const stream = got.find(({ method }) => method === "GET")?.response;
    const event = `data: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":"${"x".repeat(60_000)}"}}\n\n`;
    const isHeldUp = (): boolean => {
      stream?.write(event);
      return (stream?.writableLength ?? 0) > 4 * 1024 ** 2;
    };
    await vi.waitFor(() => expect(isHeldUp()).toBe(true), { timeout: 10_000, interval: 1 });
    client.response.resume();
    await until(() => stream?.writableLength === 0);
  });
});

describe("the end of the sidecar", () => {
  it("ends every stream in good order", async () => {
    const { sseDoor, url } = await openDoor();
    const connected = [await open(url), await open(url)];
    const door: SseDoor = sseDoor;
    door.close();
    await until(() => connected.every(({ state }) => state.hasEnded));
    expect(connected.every(({ response }) => response.complete)).toBe(true);
  });
});
