import { readActivity, type Activity } from "@outrigger/api/feed";
import { expect, it } from "vitest";
import { createActivityMeter } from "./activity.ts";
import { startInProcess } from "./testing/in-process.ts";
import { createLegacyApp } from "./testing/legacy-app.ts";
import { poll } from "./testing/poll.ts";
import { callOf, post } from "./testing/post.ts";
import type { Upstream, UpstreamSink } from "./upstream/upstream.ts";

/** An upstream whose calls end when the test says so. */
function createHeldUpstream(): { upstream: Upstream; sinks: UpstreamSink[] } {
  const sinks: UpstreamSink[] = [];
  const upstream: Upstream = {
    close: () => Promise.resolve(),
    send: (_request, sink) => {
      sinks.push(sink);
      return { resume: () => undefined, abort: () => undefined };
    },
  };
  return { upstream, sinks };
}

const sink: UpstreamSink = {
  onHead: () => undefined,
  onData: () => true,
  onEnd: () => undefined,
  onFailure: () => undefined,
};
const request = { method: "POST", path: "/mcp", headers: [], caller: "" } as const;

function observe(): { meter: Upstream; sinks: UpstreamSink[]; read: () => Activity; pass: (ms: number) => void } {
  let nowMs = 1_000;
  const meter = createActivityMeter(() => nowMs);
  const { upstream, sinks } = createHeldUpstream();
  return { meter: meter.watch(upstream), sinks, read: meter.read, pass: (ms) => void (nowMs += ms) };
}

it("counts a call as use from its start to its end, and time from then", () => {
  const { meter, sinks, read, pass } = observe();
  pass(500);
  expect(read()).toEqual({ inFlight: 0, idleMs: 500 });
  meter.send(request, sink);
  pass(60_000);
  expect(read()).toEqual({ inFlight: 1, idleMs: 0 });
  sinks[0]?.onEnd();
  pass(250);
  expect(read()).toEqual({ inFlight: 0, idleMs: 250 });
});

it("takes a call that fails, or whose client goes away, for over once", () => {
  const { meter, sinks, read, pass } = observe();
  meter.send(request, sink);
  const left = meter.send(request, sink);
  sinks[0]?.onFailure({ reason: "UpstreamBroken", message: "", sent: true });
  left.abort();
  sinks[1]?.onEnd();
  pass(10);
  expect(read()).toEqual({ inFlight: 0, idleMs: 10 });
});

it("does not count streams that stand open, nor the end of a session", () => {
  const { meter, read, pass } = observe();
  meter.send({ ...request, method: "GET" }, sink);
  meter.send({ ...request, method: "DELETE" }, sink);
  pass(70);
  expect(read()).toEqual({ inFlight: 0, idleMs: 70 });
});

it("tells at the control port how much clients use the server, its own listing left out", async () => {
  const app = createLegacyApp();
  const { url, controlPort } = await startInProcess({ handler: app.handler });
  const read = async (): Promise<Activity | undefined> => {
    const response = await fetch(`http://127.0.0.1:${controlPort}/v1/activity`);
    return readActivity(await response.json());
  };
  const before = await read();
  const readMs = performance.now();
  await poll(app.lists).toBeGreaterThan(0);
  const passedMs = Math.floor(performance.now() - readMs);
  // Had its own listing counted, the time would begin anew with it.
  expect((await read())?.idleMs).toBeGreaterThanOrEqual((before?.idleMs ?? 0) + passedMs);
  const called = post(url, callOf("slow"));
  await poll(() => app.open.length).toBe(1);
  expect(await read()).toEqual({ inFlight: 1, idleMs: 0 });
  app.open[0]?.response.writeHead(200, { "content-type": "application/json" });
  app.open[0]?.response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, result: { content: [] } }));
  expect((await called).status).toBe(200);
  expect(await read()).toMatchObject({ inFlight: 0 });
});
