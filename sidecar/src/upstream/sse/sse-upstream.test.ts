import { createLogger } from "@outrigger/runtime/logger";
import { afterEach, describe, expect, it, vi } from "vitest";
import { call, legacy, openSession, openStream, post, textOf, withToken } from "../../stdio/testing/client.ts";
import { openHttpDoor } from "../../stdio/testing/http-door.ts";
import { createHttpUpstream, type HttpUpstream } from "../http.ts";
import { createSseUpstream, type SseOptions } from "./sse-upstream.ts";
import { startSseServer, type SseServerSetup } from "./testing/sse-server.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** The older server, offered as Streamable HTTP behind a real port. */
async function offer(
  setup: SseServerSetup = {},
  options: Partial<SseOptions> = {},
  wrap: (http: HttpUpstream) => HttpUpstream = (http) => http,
) {
  const server = await startSseServer(setup);
  const upstream = createSseUpstream({
    http: wrap(createHttpUpstream(server.origin, { maxCalls: 64, maxStreams: 64 })),
    origins: [server.origin],
    maxSessions: 64,
    sessionIdleMs: 60_000,
    maxEventBytes: 1_048_576,
    maxQueuedBytes: 1_048_576,
    openingMs: 5_000,
    random: () => crypto.randomUUID(),
    now: () => performance.now(),
    logger: createLogger({ component: "test", version: "0", destination: { write: () => undefined } }),
    ...options,
  });
  const door = await openHttpDoor(upstream);
  const url = new URL("/sse", door.url);
  closers.push(server.close, upstream.close, door.close);
  return { server, upstream, door, url };
}

const until = (wanted: () => boolean): Promise<void> =>
  vi.waitFor(() => expect(wanted()).toBe(true), { timeout: 5_000, interval: 10 });
const initialize = legacy("open", "initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: {} });

describe("a server of the older transport, offered as Streamable HTTP", () => {
  it("has a stream for each session, which DELETE ends; the id means nothing afterwards", async () => {
    const { server, upstream, url } = await offer();
    const [one, two] = [await openSession(url), await openSession(url)];
    expect(server.open()).toHaveLength(2);
    expect(upstream.sessions()).toBe(2);
    expect(textOf(await post(url, call(1, "echo", { of: "one" }), one))).toBe('{"of":"one"}');
    expect((await fetch(url, { method: "DELETE", headers: one })).status).toBe(200);
    await until(() => server.open().length === 1);
    expect((await post(url, legacy(2, "tools/list"), one)).status).toBe(404);
    expect((await post(url, legacy(2, "tools/list"), two)).status).toBe(200);
  });

  it("gives every POST its own answer, however many are under way at once in however many sessions", async () => {
    const { url } = await offer();
    const sessions = await Promise.all(Array.from({ length: 10 }, () => openSession(url)));
    const asked = sessions.flatMap((session, of) => Array.from({ length: 10 }, (_, id) => ({ session, of, id })));
    const texts = await Promise.all(
      asked.map(async ({ session, of, id }) => textOf(await post(url, call(id, "echo", { of, id }), session))),
    );
    expect(texts).toEqual(asked.map(({ of, id }) => JSON.stringify({ of, id })));
  });

  it("refuses what is asked outside a session, modern requests too, and opens nothing for it", async () => {
    const { server, url } = await offer();
    expect((await post(url, legacy(1, "tools/list"))).status).toBe(400);
    expect((await post(url, legacy(1, "server/discover"))).status).toBe(400);
    expect((await fetch(url, { headers: { accept: "text/event-stream" } })).status).toBe(400);
    expect(server.streams).toHaveLength(0);
  });

  it("carries the caller's credentials, and none of the headers that only the newer transport has", async () => {
    const { server, url } = await offer();
    const session = await openSession(url, { authorization: "Bearer theirs" });
    await post(url, call(1, "echo"), { ...session, authorization: "Bearer renewed" });
    expect(server.streams[0]).toMatchObject({ authorization: "Bearer theirs", accept: "text/event-stream" });
    expect(server.posted.at(-1)?.headers.authorization).toBe("Bearer renewed");
    const seen = [server.streams[0], ...server.posted.map(({ headers }) => headers)];
    expect(seen.flatMap((headers) => Object.keys(headers ?? {}))).not.toContain("mcp-session-id");
  });

  it("sends each message with what vouches for the caller now, and not with what did when the session was opened", async () => {
    const sent: (readonly [string, string | undefined])[] = [];
    const { server, url } = await offer({}, {}, (http) => ({
      ...http,
      send: (request, sink) => {
        sent.push([request.method, request.assertion]);
        return http.send(request, sink);
      },
    }));
    const session = await openSession(url, { "x-assertion": "first" });
    await post(url, call(1, "echo"), { ...session, "x-assertion": "second" });
    await post(url, call(2, "echo"), { ...session, "x-assertion": "third" });
    expect(sent).toEqual([
      ["GET", "first"],
      ["POST", "first"],
      ["POST", "first"],
      ["POST", "second"],
      ["POST", "third"],
    ]);
    expect(server.streams).toHaveLength(1);
  });

  it("keeps a session from callers who did not open it", async () => {
    const { url } = await offer();
    const session = await openSession(url, { "x-caller": "somebody" });
    const foreign = { ...session, "x-caller": "somebody else" };
    expect((await post(url, call(1, "echo"), foreign)).status).toBe(404);
    expect((await fetch(url, { method: "DELETE", headers: foreign })).status).toBe(404);
    expect((await post(url, call(1, "echo"), session)).status).toBe(200);
  });
});

describe("what the server says unasked", () => {
  it("reaches the call that it belongs to: progress by its token", async () => {
    const { url } = await offer();
    const reply = await post(url, withToken(call(7, "progress"), "token"), await openSession(url));
    expect(reply.type).toBe("text/event-stream");
    expect(reply.messages.map((message) => message["method"] ?? message["id"])).toEqual(["notifications/progress", 7]);
  });

  it("reaches the session's own stream, requests too, and their responses go back to the server", async () => {
    const { server, url } = await offer();
    const session = await openSession(url);
    const stream = await openStream(url, session);
    const [of = ""] = server.open();
    server.say(of, { jsonrpc: "2.0", method: "notifications/tools/list_changed" });
    server.say(of, { jsonrpc: "2.0", id: "theirs", method: "sampling/createMessage", params: {} });
    await until(() => stream.messages.length === 2);
    expect(stream.messages.map((message) => message["method"])).toEqual([
      "notifications/tools/list_changed",
      "sampling/createMessage",
    ]);
    expect((await post(url, { jsonrpc: "2.0", id: "theirs", result: { ok: true } }, session)).status).toBe(202);
    expect(server.posted.at(-1)?.message).toMatchObject({ id: "theirs", result: { ok: true } });
    stream.close();
  });

  it("is skipped where it is no message, and nothing else is lost", async () => {
    const { server, url } = await offer();
    const session = await openSession(url);
    server.say(server.open()[0] ?? "", "no message");
    expect(textOf(await post(url, call(1, "echo", { a: 1 }), session))).toBe('{"a":1}');
  });
});

describe("where messages are posted", () => {
  it.each([
    ["a path", (session: string) => `/messages?session=${session}`],
    ["a relative path", (session: string) => `messages?session=${session}`],
    ["an address of the server's own", (session: string, origin: string) => `${origin}/messages?session=${session}`],
  ])("may be %s", async (_form, endpoint) => {
    const { url } = await offer({ endpoint });
    expect(textOf(await post(url, call(1, "echo", { a: 1 }), await openSession(url)))).toBe('{"a":1}');
  });

  it.each([
    ["another host", () => "http://elsewhere.example/messages"],
    ["another port", (_session: string, origin: string) => `${origin}1/messages`],
    ["another host without a scheme", () => "//elsewhere.example/messages"],
    ["another scheme", (_session: string, origin: string) => `${origin.replace("http:", "https:")}/messages`],
    ["no address", () => "http://["],
  ])("is refused where it is %s: nothing is posted, and the session does not open", async (_form, endpoint) => {
    const { server, door, upstream, url } = await offer({ endpoint });
    expect((await post(url, initialize)).status).toBe(503);
    expect(door.failures).toMatchObject([{ reason: "UpstreamBroken", sent: false }]);
    expect(door.failures[0]?.message).toContain("endpoint");
    expect(server.posted).toEqual([]);
    await until(() => server.open().length === 0);
    expect(upstream.sessions()).toBe(0);
  });

  it("must be named in time", async () => {
    const { door, url } = await offer({ isSilent: true }, { openingMs: 100 });
    await post(url, initialize);
    expect(door.failures).toMatchObject([{ reason: "UpstreamBroken", sent: false }]);
  });
});

describe("a refusal of the server", () => {
  it("of the stream is the answer to the handshake, with its challenge", async () => {
    const challenge = 'Bearer resource_metadata="http://a/.well-known/oauth-protected-resource"';
    const refuseStream = { status: 401, headers: { "www-authenticate": challenge }, body: "who are you?" };
    const { upstream, url } = await offer({ refuseStream });
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(initialize),
    });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe(challenge);
    expect(await response.text()).toBe("who are you?");
    expect(upstream.sessions()).toBe(0);
  });

  it("of a message is the answer to its POST", async () => {
    const refuse = { "notifications/odd": 403, "tools/list": 429 };
    const { url } = await offer({ refuse });
    const session = await openSession(url);
    expect((await fetch(url, postOf({ jsonrpc: "2.0", method: "notifications/odd" }, session))).status).toBe(403);
    expect((await fetch(url, postOf(legacy(1, "tools/list"), session))).status).toBe(429);
    expect(textOf(await post(url, call(1, "echo", { a: 1 }), session))).toBe('{"a":1}');
  });

  it("of the handshake's message opens no session", async () => {
    const { server, upstream, url } = await offer({ refuse: { initialize: 400 } });
    expect((await fetch(url, postOf(initialize, {}))).status).toBe(400);
    await until(() => server.open().length === 0 && upstream.sessions() === 0);
  });
});

const postOf = (message: object, headers: Readonly<Record<string, string>>): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
  body: JSON.stringify(message),
});

describe("the end of a stream", () => {
  it("fails what is under way with a reason; the session is over, and the next handshake opens another", async () => {
    const { server, door, url } = await offer();
    const session = await openSession(url);
    const waiting = post(url, call(1, "silent"), session);
    await until(() => server.posted.some(({ message }) => message.params?.["name"] === "silent"));
    server.drop(server.open()[0] ?? "");
    expect((await waiting).status).toBe(503);
    expect(door.failures).toMatchObject([{ reason: "UpstreamBroken", sent: true }]);
    expect((await post(url, legacy(2, "tools/list"), session)).status).toBe(404);
    expect(textOf(await post(url, call(1, "echo", { a: 1 }), await openSession(url)))).toBe('{"a":1}');
  });

  it("of one session leaves the others alone", async () => {
    const { server, url } = await offer();
    await openSession(url);
    const [first = ""] = server.open();
    const other = await openSession(url);
    server.drop(first);
    await until(() => server.open().length === 1);
    expect(textOf(await post(url, call(1, "echo", { a: 1 }), other))).toBe('{"a":1}');
  });

  it("comes when nobody has used the session for the idle time", async () => {
    const { server, upstream, url } = await offer({}, { sessionIdleMs: 60 });
    await openSession(url);
    await until(() => server.open().length === 0 && upstream.sessions() === 0);
  });

  it("comes with the upstream's", async () => {
    const { server, upstream, url } = await offer();
    await openSession(url);
    await upstream.close();
    await until(() => server.open().length === 0);
  });

  it("of a server that is not there fails the handshake as not sent, so that it may be repeated", async () => {
    const { server, door, url } = await offer();
    await server.close();
    await post(url, initialize);
    expect(door.failures).toMatchObject([{ reason: "UpstreamUnavailable", sent: false }]);
  });
});

describe("bounds", () => {
  it("hold for sessions, and one that ends makes room", async () => {
    const { door, url } = await offer({}, { maxSessions: 1 });
    const session = await openSession(url);
    await post(url, initialize);
    expect(door.failures).toMatchObject([{ reason: "FloodLimited", sent: false }]);
    await fetch(url, { method: "DELETE", headers: session });
    expect((await openSession(url))["mcp-session-id"]).not.toBe(session["mcp-session-id"]);
  });

  it("hold for requests under way in a session", async () => {
    const { server, door, url } = await offer({}, { maxPending: 2 });
    const session = await openSession(url);
    const left = new AbortController();
    for (const id of [1, 2])
      void fetch(url, { ...postOf(call(id, "silent"), session), signal: left.signal }).catch(() => 0);
    await until(() => server.posted.filter(({ message }) => message.method === "tools/call").length === 2);
    await post(url, call(3, "echo"), session);
    expect(door.failures).toMatchObject([{ reason: "FloodLimited", sent: false }]);
    left.abort();
  });

  it("hold for one event", async () => {
    const { door, url } = await offer({}, { maxEventBytes: 10_000 });
    const session = await openSession(url);
    await post(url, call(1, "echo", { text: "x".repeat(20_000) }), session);
    expect(door.failures).toMatchObject([{ reason: "UpstreamBroken" }]);
    expect((await post(url, legacy(2, "tools/list"), session)).status).toBe(404);
  });

  it("a reader that stands still holds its own server's stream up, and nobody else's", async () => {
    const { server, url } = await offer();
    const session = await openSession(url);
    const [held = ""] = server.open();
    const other = await openSession(url);
    const leaving = new AbortController();
    const headers = { ...session, accept: "text/event-stream" };
    const response = await fetch(url, { headers, signal: leaving.signal });
    expect(response.status).toBe(200);
    const log = { jsonrpc: "2.0", method: "notifications/message", params: { data: "x".repeat(60_000) } };
    const isHeldUp = (): boolean => {
      server.say(held, log);
      return server.unsentBytes(held) > 4 * 1024 ** 2;
    };
    await vi.waitFor(() => expect(isHeldUp()).toBe(true), { timeout: 10_000, interval: 1 });
    expect(textOf(await post(url, call(1, "echo", { a: 1 }), other))).toBe('{"a":1}');
    leaving.abort();
  });
});
