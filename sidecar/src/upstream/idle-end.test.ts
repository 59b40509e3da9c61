/** A connection that nobody uses is kept, for its end is the first sign of a server that is gone. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { until } from "../stdio/testing/fixture.ts";
import { createHttpUpstream, type HttpUpstream } from "./http.ts";

async function setUp(): Promise<{
  upstream: HttpUpstream;
  sockets: Set<Socket>;
  ends: () => number;
  call: () => Promise<void>;
  pass: (ms: number) => void;
}> {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => request.resume().on("end", () => response.end("x")));
  server.keepAliveTimeout = 60_000;
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A TCP server has an address object.
  const { port } = server.address() as AddressInfo;
  let ends = 0;
  let nowMs = 0;
  const limits = { maxCalls: 8, maxStreams: 8, onIdleEnd: () => ends++ };
  const upstream = createHttpUpstream(`http://127.0.0.1:${port}`, limits, { now: () => nowMs });
  onTestFinished(async () => {
    await upstream.close();
    server.closeAllConnections();
    server.close();
  });
  const call = (): Promise<void> =>
    new Promise((resolve, reject) => {
      upstream.send(
        { method: "POST", path: "/", headers: ["host", "x"], body: Buffer.from("{}"), caller: "a" },
        { onHead: () => undefined, onData: () => true, onEnd: resolve, onFailure: reject },
      );
    });
  return { upstream, sockets, ends: () => ends, call, pass: (ms) => (nowMs += ms) };
}

it("tells when the server ends one, also long after it could carry a call, and keeps one of several", async () => {
  const { sockets, ends, call, pass } = await setUp();
  await Promise.all([call(), call(), call()]);
  expect(sockets.size).toBe(3);
  pass(5_000);
  await until("the others are ended", () => sockets.size === 1);
  pass(60_000);
  await call();
  expect([sockets.size, ends()]).toEqual([2, 0]);
  pass(5_000);
  await until("the younger one is kept in place of the older", () => sockets.size === 1);
  for (const socket of sockets) socket.destroy();
  await until("it is told", () => ends() === 1);
  await call();
  for (const socket of sockets) socket.destroy();
  await until("it is told again", () => ends() === 2);
});

it("tells nothing of those that it ends itself", async () => {
  const { upstream, sockets, ends, call } = await setUp();
  await call();
  await upstream.close();
  await until("it is ended", () => sockets.size === 0);
  expect(ends()).toBe(0);
});
