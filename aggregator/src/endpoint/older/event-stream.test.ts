import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { maxWaitingBytes, maxWaitingOnAllBytes, openEventStream, type EventStream } from "./event-stream.ts";

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A stream between two sockets, under a clock of the test's. */
async function open(waitingElsewhere = 0) {
  const opened = Promise.withResolvers<ServerResponse>();
  const server = createServer((_req, res) => opened.resolve(res)).listen(0, "127.0.0.1");
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  // A server that listens has an address.
  const sent = request({ port: (server.address() as AddressInfo).port }).end();
  closers.push(() => sent.destroy());
  const res = await opened.promise;
  const state = { nowMs: 0, ends: 0, text: "", hasEnded: false };
  const stream: EventStream = openEventStream(res, {
    endpoint: "/mcp/messages?sessionId=x",
    nowMs: () => state.nowMs,
    waitingOnAll: () => waitingElsewhere + stream.waitingBytes(),
    onEnd: () => state.ends++,
  });
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.on("error", () => undefined);
  const read = (): void => {
    response.on("data", (chunk: Buffer) => (state.text += chunk.toString()));
    response.on("end", () => (state.hasEnded = true));
  };
  return { stream, state, response, read, res };
}

const until = (wanted: () => boolean): Promise<void> =>
  vi.waitFor(() => expect(wanted()).toBe(true), { timeout: 10_000, interval: 5 });

it("begins with the endpoint, has messages as events, and ends in order", async () => {
  const { stream, state, response, read } = await open();
  read();
  expect(response.headers).toMatchObject({ "content-type": "text/event-stream", "x-accel-buffering": "no" });
  stream.send('{"a":1}');
  await stream.end();
  await until(() => state.hasEnded);
  expect(state.text).toBe(
    "event: endpoint\ndata: /mcp/messages?sessionId=x\n\n" +
      'event: message\ndata: {"a":1}\n\n' +
      "retry: 1000\n: this stream ends in order; open it again\n\n",
  );
  expect(response.complete).toBe(true);
  expect(state.ends).toBe(1);
});

it("has a comment while it is quiet, and none while it is not", async () => {
  const { stream, state, read } = await open();
  read();
  stream.tend(14_999);
  state.nowMs = 14_000;
  stream.send("{}");
  stream.tend(28_999);
  stream.tend(29_000);
  await until(() => state.text.endsWith("\n\n: keep-alive\n\n"));
  expect(state.text.match(/keep-alive/g)).toHaveLength(1);
});

it("tells that its client has left, and sends nothing to it any more", async () => {
  const { stream, state, response } = await open();
  response.destroy();
  await until(() => state.ends === 1);
  stream.send("{}");
  stream.tend(60_000);
  await stream.end();
  expect(state.ends).toBe(1);
});

const megabyte = JSON.stringify("x".repeat(1024 ** 2));

it("is cut where nothing was read for 30 s, and not where it was", async () => {
  const slow = await open();
  const well = await open();
  for (const { stream, state } of [slow, well]) {
    for (let sent = 0; sent < 8; sent++) stream.send(megabyte);
    expect(stream.waitingBytes()).toBeGreaterThan(0);
    state.nowMs = 30_000;
    stream.tend(30_000);
  }
  well.read();
  await until(() => well.stream.waitingBytes() === 0);
  for (const { stream } of [slow, well]) stream.tend(30_001);
  expect([slow.state.ends, well.state.ends]).toEqual([1, 0]);
  expect([slow.res.destroyed, well.res.destroyed]).toEqual([true, false]);
});

it("is cut where too much waits for its reader, so that nothing grows", async () => {
  const { stream, state, res } = await open();
  let highest = 0;
  for (let sent = 0; sent < 64; sent++) {
    stream.send(megabyte);
    highest = Math.max(highest, stream.waitingBytes());
  }
  expect([state.ends, res.destroyed]).toEqual([1, true]);
  expect(highest).toBeGreaterThan(maxWaitingBytes);
  expect(highest).toBeLessThan(maxWaitingBytes + 2 * megabyte.length);
});

it("is cut where too much waits for all readers and some of it for its own, and goes on where nothing does", async () => {
  const behind = await open(maxWaitingOnAllBytes);
  for (let sent = 0; sent < 10; sent++) behind.stream.send(megabyte);
  expect(behind.state.ends).toBe(1);
  const well = await open(maxWaitingOnAllBytes + 1);
  well.read();
  for (let sent = 0; sent < 3; sent++) well.stream.send("{}");
  await until(() => well.state.text.match(/event: message/g)?.length === 3);
  expect(well.state.ends).toBe(0);
});

it("ends after a while where nobody reads its end", async () => {
  const { stream, res } = await open();
  for (let sent = 0; sent < 8; sent++) stream.send(megabyte);
  await stream.end();
  expect(res.destroyed).toBe(true);
});
