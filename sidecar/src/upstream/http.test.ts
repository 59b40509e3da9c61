import { createServer, type RequestListener } from "node:http";
import { createServer as createRawServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createHttpUpstream, type HttpUpstream } from "./http.ts";
import type { ScannedMessage } from "@outrigger/mcp";
import type { UpstreamFailure, UpstreamRequest } from "./upstream.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  return `http://127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
}

function open(origin: string, limits = { maxCalls: 8, maxStreams: 2 }): HttpUpstream {
  const upstream = createHttpUpstream(origin, limits);
  closers.push(() => upstream.close());
  return upstream;
}

async function serve(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  closers.push(() => {
    server.closeAllConnections();
    return Promise.resolve();
  });
  return listen(server);
}

/** A server that says what it is given to say, byte by byte. */
async function serveRaw(onRequest: (socket: Socket, count: number) => void): Promise<string> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createRawServer((socket) => {
    sockets.add(socket);
    socket.on("data", () => onRequest(socket, ++count)).on("error", () => undefined);
  });
  const origin = await listen(server);
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return Promise.resolve();
  });
  return origin;
}

interface Answer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly text: string;
}

const post = (body: string, headers: readonly string[] = []): UpstreamRequest => ({
  method: "POST",
  path: "/mcp",
  headers,
  body: Buffer.from(body),
  caller: "",
});

function ask(upstream: HttpUpstream, request: UpstreamRequest): Promise<Answer | UpstreamFailure> {
  return new Promise((resolve) => {
    let head: Pick<Answer, "status" | "headers"> = { status: 0, headers: [] };
    const chunks: Buffer[] = [];
    upstream.send(request, {
      onHead: (status, headers) => (head = { status, headers }),
      onData: (chunk) => chunks.push(Buffer.from(chunk)) > 0,
      onEnd: () => resolve({ ...head, text: Buffer.concat(chunks).toString() }),
      onFailure: resolve,
    });
  });
}

describe("localhost", () => {
  it.each(["127.0.0.1", "::1"])("is reached where the server listens on %s alone", async (host) => {
    const server = createServer((_request, response) => response.end("here"));
    await new Promise<void>((resolve) => void server.listen(0, host, resolve));
    closers.push(() => new Promise((resolve) => server.close(resolve)));
    const address = server.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    expect(await ask(open(`http://localhost:${port}`), post("x"))).toMatchObject({ text: "here" });
  });

  it("F-184 tells of both addresses where nobody listens, and which setting named them", async () => {
    const { port } = new URL(await serve(() => undefined));
    for (const close of closers.splice(0).toReversed()) await close();
    const failure = await ask(open(`http://localhost:${port}`), post("x"));
    expect(failure).toMatchObject({ reason: "UpstreamUnavailable", sent: false });
    expect(failure).toMatchObject({
      message: expect.stringMatching(
        /^the server at localhost:\d+ \(from --upstream\) .*127\.0\.0\.1:.*, .*::1:/,
      ) as string,
    });
  });
});

describe("a request", () => {
  it("reaches the server with its path, headers and bytes, whatever their number", async () => {
    const origin = await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { host, "x-word": word } = request.headers;
        response.end(JSON.stringify([request.method, request.url, host, word, Buffer.concat(chunks).length]));
      });
    });
    const upstream = open(origin);
    for (const size of [0, 1, 300, 16 * 1024, 16 * 1024 + 1, 3_000_000]) {
      const answer = await ask(upstream, post("x".repeat(size), ["x-word", "é"]));
      const host = new URL(origin).host;
      expect(answer).toMatchObject({ status: 200, text: JSON.stringify(["POST", "/mcp", host, "é", size]) });
    }
    expect(upstream.inUse()).toEqual({ calls: 0, streams: 0 });
  });

  it("takes the connection of the one before, which nobody uses", async () => {
    const ports = new Set<number | undefined>();
    const upstream = open(
      await serve((request, response) => {
        ports.add(request.socket.remotePort);
        request.resume().on("end", () => response.end("ok"));
      }),
    );
    for (let count = 0; count < 5; count++) await ask(upstream, post("x"));
    expect(ports.size).toBe(1);
  });

  it("is refused beyond the limit, and streams are counted apart", async () => {
    const upstream = open(
      await serve((request, response) => {
        if (request.method === "GET") response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
        else request.resume();
      }),
      { maxCalls: 1, maxStreams: 1 },
    );
    const silent = { onHead: () => undefined, onData: () => true, onEnd: () => undefined, onFailure: () => undefined };
    const stream = upstream.send({ ...post(""), method: "GET" }, silent);
    const call = upstream.send(post("x"), silent);
    expect(upstream.inUse()).toEqual({ calls: 1, streams: 1 });
    expect(await ask(upstream, post("y"))).toMatchObject({ reason: "FloodLimited", sent: false });
    stream.abort();
    call.abort();
    call.abort();
    expect(upstream.inUse()).toEqual({ calls: 0, streams: 0 });
  });
});

describe("a handle that outlived its request", () => {
  it("does not reach the next request on the same connection", async () => {
    const upstream = open(
      await serve((request, response) => void request.resume().on("end", () => response.end("ok"))),
    );
    let first: ReturnType<HttpUpstream["send"]> | undefined;
    await new Promise<void>((resolve) => {
      first = upstream.send(post("x"), {
        onHead: () => undefined,
        onData: () => true,
        onEnd: resolve,
        onFailure: () => resolve(),
      });
    });
    const second = ask(upstream, post("y"));
    first?.abort();
    expect(await second).toMatchObject({ status: 200, text: "ok" });
  });
});

describe("an answer", () => {
  it("waits while its reader does", async () => {
    const upstream = open(await serve((_request, response) => response.end(Buffer.alloc(8_000_000))));
    let seen = 0;
    let call: ReturnType<HttpUpstream["send"]> | undefined;
    const ended = new Promise<void>((resolve) => {
      call = upstream.send(post("x"), {
        onHead: () => undefined,
        onData: (chunk) => {
          seen += chunk.length;
          return false;
        },
        onEnd: resolve,
        onFailure: () => resolve(),
      });
    });
    await expect.poll(() => seen).toBeGreaterThan(0);
    const held = seen;
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toBe(held);
    const goOn = setInterval(() => call?.resume(), 1);
    await ended;
    clearInterval(goOn);
    expect(seen).toBe(8_000_000);
  });

  it("whose reader asked to pause at its end leaves the connection ready for the next", async () => {
    const upstream = open(
      await serve((request, response) => void request.resume().on("end", () => response.end("ok"))),
    );
    await new Promise<void>((resolve) => {
      upstream.send(post("x"), {
        onHead: () => undefined,
        onData: () => false,
        onEnd: resolve,
        onFailure: () => resolve(),
      });
    });
    expect(await ask(upstream, post("y"))).toMatchObject({ status: 200, text: "ok" });
  });

  it("with bytes behind it is taken, and its connection is not used again", async () => {
    const connections = new Set<Socket>();
    const upstream = open(
      await serveRaw((socket) => {
        connections.add(socket);
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
      }),
    );
    expect(await ask(upstream, post("a"))).toMatchObject({ text: "ok" });
    expect(await ask(upstream, post("b"))).toMatchObject({ text: "ok" });
    expect(connections.size).toBe(2);
  });

  it("that nobody asked for ends its connection", async () => {
    let hasEnded = false;
    const upstream = open(
      await serveRaw((socket, count) => {
        socket.on("close", () => (hasEnded = true));
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        if (count === 1) setImmediate(() => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"));
      }),
    );
    expect(await ask(upstream, post("a"))).toMatchObject({ text: "ok" });
    await expect.poll(() => hasEnded).toBe(true);
    expect(await ask(upstream, post("b"))).toMatchObject({ text: "ok" });
  });

  it("that ends early may have been the end of a call that ran", async () => {
    const upstream = open(await serveRaw((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf")));
    expect(await ask(upstream, post("a"))).toMatchObject({ reason: "UpstreamBroken", sent: true });
    expect(upstream.inUse()).toEqual({ calls: 0, streams: 0 });
  });

  it("from a place where nobody listens was certainly not sent", async () => {
    const server = createRawServer();
    const origin = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await ask(open(origin), post("a"))).toMatchObject({ reason: "UpstreamUnavailable", sent: false });
  });
});

describe("a kept connection that the server ends while a request is on its way", () => {
  const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const message = (method: string): ScannedMessage => ({ type: "request", id: 1, method });

  /** Answers the first request of a connection and ends the connection at the second. Counts the requests. */
  async function serveOnce(): Promise<{ readonly upstream: HttpUpstream; readonly requests: () => number }> {
    const used = new WeakSet<Socket>();
    let requests = 0;
    const origin = await serveRaw((socket) => {
      requests++;
      if (used.has(socket)) socket.end();
      else socket.write(ok);
      used.add(socket);
    });
    return { upstream: open(origin), requests: () => requests };
  }

  it.each(["tools/list", "initialize", "ping"])("%s is sent once more", async (method) => {
    const { upstream, requests } = await serveOnce();
    await ask(upstream, post("a"));
    expect(await ask(upstream, { ...post("b"), message: message(method) })).toMatchObject({ text: "ok" });
    expect(requests()).toBe(3);
  });

  it("a call is not, since it may have run", async () => {
    const { upstream, requests } = await serveOnce();
    await ask(upstream, post("a"));
    const answer = await ask(upstream, { ...post("b"), message: message("tools/call") });
    expect(answer).toMatchObject({ reason: "UpstreamBroken", sent: true });
    expect(answer).toHaveProperty("message", expect.stringContaining("may have run, or not"));
    expect(requests()).toBe(2);
  });

  it("nothing is, where a byte of the answer came", async () => {
    let requests = 0;
    const upstream = open(
      await serveRaw((socket) => {
        requests++;
        if (requests === 1) socket.write(ok);
        else socket.end("HTTP/1.1 2");
      }),
    );
    await ask(upstream, post("a"));
    const answer = await ask(upstream, { ...post("b"), message: message("tools/list") });
    expect(answer).toMatchObject({ reason: "UpstreamBroken", sent: true });
    expect(requests).toBe(2);
  });

  it("nothing is on a connection that was opened for it", async () => {
    let requests = 0;
    const upstream = open(await serveRaw((socket) => (requests++, socket.end())));
    const answer = await ask(upstream, { ...post("a"), message: message("tools/list") });
    expect(answer).toMatchObject({ reason: "UpstreamBroken" });
    expect(requests).toBe(1);
  });
});

describe("a connection without a request", () => {
  it.each([
    { said: undefined, keptMs: 4_000 },
    { said: "timeout=60, max=10", keptMs: 4_000 },
    { said: "timeout=3", keptMs: 2_000 },
    { said: "timeout=1", keptMs: 500 },
    { said: "timeout=0", keptMs: 0 },
  ])("is used for $keptMs ms where the server says $said", async ({ said, keptMs }) => {
    const ports = new Set<number | undefined>();
    const origin = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      if (said !== undefined) response.setHeader("Keep-Alive", said);
      response.setHeader("Connection", "keep-alive");
      request.resume().on("end", () => response.end("ok"));
    });
    let nowMs = 0;
    const upstream = createHttpUpstream(origin, { maxCalls: 8, maxStreams: 2 }, { now: () => nowMs });
    closers.push(() => upstream.close());
    await ask(upstream, post("a"));
    nowMs += Math.max(0, keptMs - 1);
    await ask(upstream, post("b"));
    expect(ports.size).toBe(keptMs === 0 ? 2 : 1);
    nowMs += keptMs;
    await ask(upstream, post("c"));
    expect(ports.size).toBe(keptMs === 0 ? 3 : 2);
  });
});
