import { scanMessage } from "@outrigger/mcp";
import { expect, it, onTestFinished } from "vitest";
import { until } from "../stdio/testing/fixture.ts";
import type { UpstreamRequest, UpstreamSink } from "../upstream/upstream.ts";
import { createPaceMeter } from "./pace-meter.ts";

/** A meter over a server that answers when it is told to. */
function setUp() {
  const answers: [question: string, tookMs: number][] = [];
  const sinks: UpstreamSink[] = [];
  let nowMs = 0;
  const meter = createPaceMeter({
    now: () => nowMs,
    knowsTool: (name) => name === "search",
    onAnswer: (question, tookMs) => void answers.push([question, tookMs]),
  });
  onTestFinished(meter.close);
  const upstream = meter.watch({
    close: () => Promise.resolve(),
    send: (_request, sink) => {
      sinks.push(sink);
      return { resume: () => undefined, abort: () => undefined };
    },
  });
  const heads: number[] = [];
  const own: UpstreamSink = {
    onHead: (status) => void heads.push(status),
    onData: () => true,
    onEnd: () => undefined,
    onFailure: () => undefined,
  };
  const call = (method: string, name?: string): void => {
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { name, arguments: {} } }));
    const scanned = scanMessage(body);
    if (scanned.kind !== "message") throw new Error("it is a message");
    const request: UpstreamRequest = { method: "POST", path: "/", headers: [], caller: "a", message: scanned.message };
    upstream.send(request, own);
  };
  const answer = (status: number, atMs: number): void => {
    nowMs = atMs;
    sinks.at(-1)?.onHead(status, []);
  };
  /** True where the last call goes through the meter. */
  const isTimed = (): boolean => sinks.at(-1) !== own;
  return { answers, heads, call, answer, isTimed };
}

it("times one call, then none for a while, and passes all on", async () => {
  const { answers, heads, call, answer, isTimed } = setUp();
  call("tools/call", "search");
  answer(200, 70);
  expect(answers).toEqual([["tools/call search", 70]]);
  call("tools/call", "search");
  expect(isTimed()).toBe(false);
  answer(200, 90);
  expect(heads).toEqual([200, 200]);
  await until("one is timed again", () => {
    call("tools/list");
    return isTimed();
  });
  answer(200, 100);
  expect(answers.at(-1)).toEqual(["tools/list", 10]);
});

it("times nothing that callers made up, and no stream that waits for news", () => {
  const { call, isTimed } = setUp();
  for (const [method, name] of [
    ["tools/call", "made up"],
    ["made/up", undefined],
    ["subscriptions/listen", undefined],
  ] as const) {
    call(method, name);
    expect([method, isTimed()]).toEqual([method, false]);
  }
});

it("takes no refusal for an answer", () => {
  const { answers, heads, call, answer } = setUp();
  call("tools/call", "search");
  answer(429, 1);
  expect([answers, heads]).toEqual([[], [429]]);
});
