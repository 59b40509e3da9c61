import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../stdio/testing/fixture.ts";
import { createHttpUpstream } from "./http.ts";
import { createOutageQueue, type OutageQueueOptions } from "./outage-queue.ts";
import type { UpstreamCall, UpstreamFailure } from "./upstream.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server that can go and come back at the same port, as one does whose container is started again. */
async function createPlace(): Promise<{
  port: number;
  start: () => Promise<void>;
  stop: () => Promise<void>;
  bodies: string[];
}> {
  const bodies: string[] = [];
  let port = 0;
  let server: Server | undefined;
  const start = async (): Promise<void> => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        bodies.push(body);
        // A kept connection that breaks is a call in flight, which this is not about.
        response.shouldKeepAlive = false;
        response.end(body);
      });
    }).listen(port, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
  };
  const stop = async (): Promise<void> => {
    const closing = server;
    server = undefined;
    if (closing === undefined) return;
    closing.closeAllConnections();
    closing.close();
    await once(closing, "close");
  };
  await start();
  closers.push(stop);
  return { port, start, stop, bodies };
}

type Ending = { readonly body: string } | UpstreamFailure;

async function setUp(given: Partial<OutageQueueOptions> = {}) {
  const place = await createPlace();
  let absences = 0;
  const queue = createOutageQueue({
    waitMs: 30_000,
    pauseMs: 10,
    maxHeld: 3,
    now: () => performance.now(),
    hasAnswered: () => true,
    onAbsence: () => absences++,
    ...given,
  });
  const raw = createHttpUpstream(`http://127.0.0.1:${place.port}`, { maxCalls: 16, maxStreams: 16 });
  closers.push(raw.close, queue.end);
  const upstream = queue.watch(raw);
  const send = (text: string, method: "POST" | "GET" = "POST"): { call: UpstreamCall; ending: Promise<Ending> } => {
    let end: (ending: Ending) => void = () => undefined;
    const ending = new Promise<Ending>((resolve) => (end = resolve));
    let body = "";
    const request = { method, path: "/", headers: ["host", "x"], caller: "a" };
    const call = upstream.send(method === "POST" ? { ...request, body: Buffer.from(text) } : request, {
      onHead: () => undefined,
      onData: (chunk) => ((body += chunk.toString()), true),
      onEnd: () => end({ body }),
      onFailure: end,
    });
    return { call, ending };
  };
  return { place, queue, send, absences: () => absences };
}

const unavailable = { reason: "UpstreamUnavailable", sent: false };

describe("calls to a server that went away", () => {
  it("are held and answered when it is back, each sent once and with its own body", async () => {
    const { place, queue, send, absences } = await setUp();
    expect(await send("before").ending).toEqual({ body: "before" });
    await place.stop();
    const calls = ["a", "b", "c"].map((text) => send(text).ending);
    await until("all are held", () => queue.held() >= 2);
    await place.start();
    expect(await Promise.all(calls)).toEqual([{ body: "a" }, { body: "b" }, { body: "c" }]);
    expect([...place.bodies].sort()).toEqual(["a", "b", "before", "c"]);
    expect(queue.held()).toBe(0);
    expect(absences()).toBe(1);
    await place.stop();
    const again = send("d").ending;
    await until("another outage begins", () => absences() === 2);
    await place.start();
    expect(await again).toEqual({ body: "d" });
  });

  it("fail where too many wait, where the wait is over, and at once from then on until it has answered", async () => {
    let nowMs = 0;
    const { place, queue, send } = await setUp({ now: () => nowMs, waitMs: 1_000 });
    await place.stop();
    const held = ["a", "b", "c"].map((text) => send(text));
    await until("as many are held as may", () => queue.held() === 3);
    // The one that is being tried is not held meanwhile, so one more may find room and two can't.
    const more = ["d", "e", "f"].map((text) => send(text).ending);
    expect(await Promise.race(more)).toMatchObject(unavailable);
    nowMs = 1_000;
    for (const { ending } of held) expect(await ending).toMatchObject(unavailable);
    expect(queue.held()).toBe(0);
    expect(await send("late").ending).toMatchObject(unavailable);
    await place.start();
    expect(await send("back").ending).toEqual({ body: "back" });
  });

  it("are not held before it ever answered, when they open a stream, or while the sidecar ends", async () => {
    let hasAnswered = false;
    const { place, queue, send } = await setUp({ hasAnswered: () => hasAnswered });
    await place.stop();
    expect(await send("early").ending).toMatchObject(unavailable);
    hasAnswered = true;
    expect(await send("", "GET").ending).toMatchObject(unavailable);
    const waiting = send("waiting").ending;
    await until("it is held", () => queue.held() === 1);
    queue.end();
    expect(await waiting).toMatchObject(unavailable);
    expect(await send("after").ending).toMatchObject(unavailable);
  });

  it("are forgotten when their caller goes", async () => {
    const { place, queue, send } = await setUp();
    await place.stop();
    const { call } = send("gone");
    const other = send("stays").ending;
    await until("both are held", () => queue.held() === 2);
    call.abort();
    await place.start();
    expect(await other).toEqual({ body: "stays" });
    expect(place.bodies).toEqual(["stays"]);
  });
});
