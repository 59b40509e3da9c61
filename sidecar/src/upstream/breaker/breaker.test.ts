/** The breaker at the door: what callers get, and what reaches a server that fails on demand. */
import type { RequestListener } from "node:http";
import type { ErrorDetail } from "@outrigger/api/errors";
import { scanMessage } from "@outrigger/mcp";
import { expect, it, onTestFinished } from "vitest";
import { until } from "../../stdio/testing/fixture.ts";
import { startInProcess } from "../../testing/in-process.ts";
import { callOf, post, serveAnswers, type Posted } from "../../testing/post.ts";
import type { UpstreamCall, UpstreamFailure, UpstreamRequest, UpstreamSink } from "../upstream.ts";
import { createBreaker, createBreakerRules } from "./breaker.ts";

type Mood = "well" | "error" | "break" | "silent" | "refuses";

/** A server whose answers to calls of the test are as it is told. */
function moody(): { handler: RequestListener; mood: Mood; readonly arrived: readonly unknown[] } {
  const answers = serveAnswers(({ params }) =>
    params?.["name"] === "wrong"
      ? { error: { code: -32_603, message: "wrong" } }
      : { result: { content: [], isError: params?.["name"] === "sorry" } },
  );
  const server = {
    mood: "well" as Mood,
    arrived: answers.arrived,
    handler: ((request, response) => {
      if (request.headers["x-test"] === undefined || server.mood === "well") answers.handler(request, response);
      else if (server.mood === "break") request.socket.destroy();
      else if (server.mood !== "silent")
        request.resume().on("end", () => {
          const body = JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code: -32_603, message: "down" } });
          response.writeHead(server.mood === "error" ? 500 : 400, { "content-type": "application/json" }).end(body);
        });
    }) satisfies RequestListener,
  };
  return server;
}

const detailOf = ({ message }: Posted): ErrorDetail | undefined =>
  // The form of our own errors.
  (message.error?.data as { outrigger?: ErrorDetail } | undefined)?.outrigger;

async function openIt(url: string, server: { mood: Mood }, mood: Mood): Promise<void> {
  server.mood = mood;
  for (let count = 0; count < 5; count++) await post(url, callOf("x"));
}

it.each<[string, Mood]>([
  ["answers with HTTP 500", "error"],
  ["breaks connections", "break"],
  ["is silent", "silent"],
])("a server that %s is called no more: calls fail at once and are told when to come back", async (_name, mood) => {
  const server = moody();
  const { url, metrics } = await startInProcess({ handler: server.handler, flags: ["--call-timeout", "50ms"] });
  await openIt(url, server, mood);
  server.mood = "well";
  const refused = await post(url, callOf("x"));
  expect(refused.status).toBe(503);
  expect(refused.message.error).toMatchObject({ code: 10_503 });
  expect(detailOf(refused)).toMatchObject({ reason: "CircuitOpen" });
  const { retryAfterMs = 0 } = detailOf(refused) ?? {};
  expect(retryAfterMs).toBeGreaterThan(3_000);
  expect(retryAfterMs).toBeLessThanOrEqual(5_000);
  expect(refused.headers.get("retry-after")).toBe(String(Math.ceil(retryAfterMs / 1_000)));
  expect(server.arrived).toEqual([]);
  const text = await metrics();
  expect(text).toContain('outrigger_sidecar_breaker_state{state="Open"} 1');
  expect(text).toContain('outrigger_sidecar_breaker_transitions_total{state="Open"} 1');
  expect(text).toContain('outrigger_sidecar_refused_total{reason="circuit_open"} 1');
});

it("a server that breaks many connections at once, as one does that dies, has failed once", async () => {
  const server = moody();
  const waiting: (() => void)[] = [];
  const { url, metrics } = await startInProcess({
    handler: (request, response) => {
      if (request.headers["x-test"] === undefined || server.mood === "well") server.handler(request, response);
      else waiting.push(() => request.socket.destroy());
    },
  });
  server.mood = "silent";
  const calls = Array.from({ length: 30 }, () => post(url, callOf("x")));
  await until("all are under way", () => waiting.length === 30);
  for (const destroy of waiting) destroy();
  for (const { status } of await Promise.all(calls)) expect(status).toBe(502);
  expect(await metrics()).toContain('outrigger_sidecar_breaker_state{state="Closed"} 1');
  server.mood = "well";
  expect((await post(url, callOf("x"))).status).toBe(200);
});

it("only what the server fails at counts: no error of a tool, no JSON-RPC error, no refusal, no deadline of a caller", async () => {
  const server = moody();
  const { url, metrics } = await startInProcess({ handler: server.handler });
  for (let count = 0; count < 8; count++) {
    await post(url, callOf("wrong"));
    await post(url, callOf("sorry"));
  }
  await openIt(url, server, "refuses");
  server.mood = "silent";
  const hurried = { "outrigger-timeout-ms": "1" };
  await Promise.all(Array.from({ length: 6 }, () => post(url, callOf("x"), hurried)));
  expect(await metrics()).toContain('outrigger_sidecar_breaker_state{state="Closed"} 1');
});

it("opens after as many failures as it is told to, or never", async () => {
  const early = moody();
  const one = await startInProcess({ handler: early.handler, flags: ["--circuit-breaker-threshold", "1"] });
  early.mood = "error";
  expect((await post(one.url, callOf("x"))).status).toBe(500);
  expect(detailOf(await post(one.url, callOf("x")))?.reason).toBe("CircuitOpen");

  const never = moody();
  const off = await startInProcess({ handler: never.handler, flags: ["--circuit-breaker", "off"] });
  await openIt(off.url, never, "error");
  expect((await post(off.url, callOf("x"))).status).toBe(500);
  expect(await off.metrics()).not.toContain("outrigger_sidecar_breaker");
});

it("refuses no notification, no stream and no end of a session while it is open", async () => {
  const server = moody();
  const { url } = await startInProcess({ handler: server.handler });
  await openIt(url, server, "error");
  server.mood = "well";
  const headers = { "content-type": "application/json", "x-test": "1", "mcp-session-id": "s" };
  const cancelled = JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
  await (await fetch(url, { method: "POST", headers, body: cancelled })).text();
  expect(server.arrived).toHaveLength(1);
  // The server knows neither; it is the one that says so.
  expect((await fetch(url, { headers })).status).toBe(404);
  expect((await fetch(url, { method: "DELETE", headers })).status).toBe(404);
});

/** A breaker over a server of the test, which answers when it is told to. */
function setUp() {
  const sinks: UpstreamSink[] = [];
  const aborted: number[] = [];
  const kinds: string[] = [];
  const rules = { ...createBreakerRules(2), openMs: { first: 20, longest: 40 } };
  const breaker = createBreaker({ rules, now: () => performance.now(), onChange: (kind) => void kinds.push(kind) });
  onTestFinished(breaker.close);
  const upstream = breaker.watch({
    close: () => Promise.resolve(),
    send: (_request, sink) => {
      const at = sinks.push(sink) - 1;
      return { resume: () => undefined, abort: () => void aborted.push(at) };
    },
  });
  const failures: UpstreamFailure[] = [];
  const scanned = scanMessage(Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}'));
  if (scanned.kind !== "message") throw new Error("a ping is a message");
  const request: UpstreamRequest = { method: "POST", path: "/", headers: [], caller: "a", message: scanned.message };
  const call = (): UpstreamCall =>
    upstream.send(request, {
      onHead: () => undefined,
      onData: () => true,
      onEnd: () => undefined,
      onFailure: (failure) => void failures.push(failure),
    });
  const answer = (at: number, status: number): void => sinks[at]?.onHead(status, []);
  return { breaker, sinks, aborted, kinds, failures, call, answer };
}

it("lets three calls through when its time is over, and all when these succeed", async () => {
  const { breaker, sinks, aborted, kinds, failures, call, answer } = setUp();
  call();
  call().abort("silent");
  answer(0, 503);
  expect(breaker.kind()).toBe("Open");
  await until("its time is over", () => breaker.kind() === "HalfOpen");
  const trials = [call(), call(), call()];
  call();
  expect([sinks.length, failures.at(-1)?.reason]).toEqual([5, "CircuitOpen"]);
  // A caller that leaves makes place for another, and says nothing of the server.
  trials[0]?.abort();
  call();
  expect([sinks.length, aborted]).toEqual([6, [1, 2]]);
  for (const at of [3, 4, 5]) answer(at, 200);
  expect(kinds).toEqual(["Open", "HalfOpen", "Closed"]);
  expect(breaker.transitions()).toEqual({ Open: 1, HalfOpen: 1, Closed: 1 });
});

it("is open again after the first of them that fails", async () => {
  const { breaker, call, answer, sinks, kinds } = setUp();
  for (const at of [0, 1]) {
    call();
    answer(at, 500);
  }
  await until("its time is over", () => breaker.kind() === "HalfOpen");
  call();
  sinks[2]?.onFailure({ reason: "UpstreamBroken", message: "", sent: true });
  expect(kinds).toEqual(["Open", "HalfOpen", "Open"]);
});

it("leaves a server that does not listen to the queue", () => {
  const { breaker, call, sinks } = setUp();
  for (let at = 0; at < 9; at++) {
    call();
    sinks[at]?.onFailure({ reason: "UpstreamUnavailable", message: "", sent: false });
  }
  expect(breaker.kind()).toBe("Closed");
});
