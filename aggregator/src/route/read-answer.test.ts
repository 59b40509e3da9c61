import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Agent, request } from "undici";
import { afterEach, expect, it, vi } from "vitest";
import { readAnswer, type Answer } from "./read-answer.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Peer {
  readonly ask: (signal?: AbortSignal) => Promise<Answer>;
  readonly heard: unknown[];
  /** How many connections it was asked over. */
  readonly connections: () => number;
}

async function startPeer(listener: RequestListener): Promise<Peer> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  let connections = 0;
  server.on("connection", () => connections++);
  await once(server, "listening");
  const dispatcher = new Agent({ connections: 1 });
  ends.push(() => dispatcher.destroy());
  ends.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  // A TCP server that listens has an address object.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const heard: unknown[] = [];
  return {
    ask: async (signal) =>
      readAnswer(await request(url, { dispatcher, ...(signal === undefined ? {} : { signal }) }), {
        id: 1,
        maxBytes: 500,
        onMessage: (message) => heard.push(message),
      }),
    heard,
    connections: () => connections,
  };
}

const response = '{"jsonrpc":"2.0","id":1,"result":{"big":12345678901234567890}}';
const sse = { "content-type": "text/event-stream; charset=utf-8" };

it("keeps numbers exact and hands over what the server says on the way, responses to others left out", async () => {
  const ping = { jsonrpc: "2.0", id: "p", method: "ping" };
  const peer = await startPeer((_request, answer) => {
    const stray = '{"jsonrpc":"2.0","id":2,"result":{}}';
    answer.writeHead(200, sse).end(`data: ${JSON.stringify(ping)}\n\ndata: ${stray}\n\ndata: ${response}\n\n`);
  });
  expect(JSON.stringify(await peer.ask())).toBe('{"kind":"result","result":{"big":12345678901234567890}}');
  expect(peer.heard).toEqual([ping]);
});

it("uses the connection again where a stream ends soon after its response, and closes one that does not end", async () => {
  let isEndless = false;
  let closed = 0;
  const peer = await startPeer((_request, answer) => {
    answer.on("close", () => closed++);
    answer.writeHead(200, sse).write(`data: ${response}\n\n`);
    if (!isEndless) setImmediate(() => answer.end(": bye\n\n"));
  });
  expect(await peer.ask()).toMatchObject({ kind: "result" });
  expect(await peer.ask()).toMatchObject({ kind: "result" });
  expect(peer.connections()).toBe(1);
  isEndless = true;
  expect(await peer.ask()).toMatchObject({ kind: "result" });
  await vi.waitFor(() => expect(closed).toBe(3), 5_000);
});

it("bounds a stream of small events as a whole, and takes no more of it", async () => {
  let isClosed = false;
  const peer = await startPeer((_request, answer) => {
    answer.on("close", () => (isClosed = true));
    answer.writeHead(200, sse).write(": still here, and here\n\n".repeat(50));
  });
  expect(await peer.ask()).toEqual({ kind: "tooLarge", limitBytes: 500 });
  await vi.waitFor(() => expect(isClosed).toBe(true), 5_000);
});

it("says with which status an answer came that is none, and goes on using the connection", async () => {
  const peer = await startPeer((_request, answer) => {
    answer.writeHead(502, { "content-type": "text/html" }).end("<html>");
  });
  const detail = "It answered HTTP 502: the answer is text/html, not JSON or an event stream.";
  expect(await peer.ask()).toEqual({ kind: "broken", detail });
  expect(await peer.ask()).toEqual({ kind: "broken", detail });
  expect(peer.connections()).toBe(1);
});

it("gives back where a stream can be resumed", async () => {
  const peer = await startPeer((_request, answer) => {
    answer.writeHead(200, sse).end("id: 7\nretry: 20\ndata:\n\n");
  });
  expect(await peer.ask()).toEqual({ kind: "paused", lastEventId: "7", retryMs: 20 });
});

it("rejects where the socket closes or the request is aborted before the answer", async () => {
  let isAborting = false;
  const aborting = new AbortController();
  const peer = await startPeer((_request, answer) => {
    answer.writeHead(200, sse).write("id: 7\n\n", () => {
      if (isAborting) aborting.abort();
      else answer.destroy();
    });
  });
  await expect(peer.ask()).rejects.toThrow();
  isAborting = true;
  await expect(peer.ask(aborting.signal)).rejects.toThrow();
});
