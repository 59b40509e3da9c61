import { Agent } from "undici";
import { afterEach, expect, it } from "vitest";
import { anonymous } from "../../aggregator/src/auth/principal.ts";
import { createView, hearState } from "../../aggregator/src/catalog/view.ts";
import type { ToolEntry } from "../../aggregator/src/catalog/entry.ts";
import { createRelay, type Relay, type RelayOptions } from "../../aggregator/src/route/relay.ts";
import { sendResult, startFakeData, type FakeData } from "../fixtures/fake-sidecar/data.ts";
import { waitFor } from "../fixtures/wait-for.ts";

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function setUp(era: "legacy" | "modern", rest: Partial<RelayOptions> = {}): Promise<[Relay, FakeData]> {
  const data = await startFakeData(era);
  const dispatcher = new Agent();
  const sidecar = {
    key: "files",
    namespace: "tools",
    server: "files",
    group: "default",
    dataUrl: data.url,
    controlUrl: "http://127.0.0.1:1",
    labels: {},
    createdAt: "",
    origin: "Injected",
    transport: "streamable-http",
    headers: { "X-Team": "web", Accept: "text/plain" },
    isReady: true,
  } as const;
  const health = { state: "Ready", reason: "Serving", message: "", sinceMs: 0 } as const;
  const told = { reason: "CatalogueListed", message: "", atMs: 0 } as const;
  const enforces = { limits: [], maxRequestBytes: 1, maxResponseBytes: 1 };
  const policy = { hash: "", reason: "PolicyApplied", message: "", enforces } as const;
  const feed = { format: 1, server: "files", health, identity: {}, era, catalogue: told, policy } as const;
  const view = hearState(createView(sidecar, 0), feed, 0);
  const relay = createRelay({
    dispatcher,
    clientInfo: { name: "test", version: "1" },
    replicasOf: () => [view],
    nowMs: () => Date.now(),
    random: Math.random,
    ...rest,
  });
  ends.push(
    () => data.close(),
    () => dispatcher.destroy(),
    () => relay.stop(),
  );
  return [relay, data];
}

const tool: ToolEntry = {
  publicName: "files__slow",
  namespace: "tools",
  server: "files",
  group: "default",
  name: "slow",
  definition: { name: "slow" },
};

function callOf(era: "legacy" | "modern", caller = "") {
  return {
    target: tool,
    request: { method: "tools/call", params: { name: "slow", arguments: {} } },
    voice: { capabilities: {} },
    meta: {},
    caller,
    principal: anonymous,
    callerEra: era,
    requestId: "r",
    signal: new AbortController().signal,
  };
}

it.each(["legacy", "modern"] as const)(
  "ends a call to a %s server at the deadline, as a result that says so",
  async (era) => {
    const [relay, data] = await setUp(era, { deadlineMs: 1_000 });
    data.answer(() => undefined);
    const outcome = await relay.call(callOf(era));
    expect(outcome).toMatchObject({
      kind: "result",
      result: {
        isError: true,
        content: [{ type: "text", text: expect.stringContaining("did not answer in time") as string }],
        _meta: { "outrigger.dev/error": { reason: "UpstreamTimeout", server: "files", name: "files__slow" } },
        ...(era === "modern" ? { resultType: "complete" } : {}),
      },
    });
    expect(relay.inFlight()).toBe(0);
    if (era === "legacy") {
      await waitFor("the notice", () => data.received.some(({ method }) => method === "notifications/cancelled"));
    }
  },
);

it("closes upstream sessions that nobody used for a while, but never under a call", async () => {
  const [relay, data] = await setUp("legacy", { sessionIdleMs: 100 });
  const finish: (() => void)[] = [];
  data.answer(({ id, res }) => {
    finish.push(() => sendResult(res, id, { content: [] }));
  });
  const first = relay.call(callOf("legacy", "first"));
  await waitFor("the call to arrive", () => finish.length === 1);
  const second = relay.call(callOf("legacy", "second"));
  await waitFor("another session", () => finish.length === 2 && data.sessions.size === 2);
  finish[0]?.();
  await first;
  await waitFor("the end of the idle session", () => data.sessions.size === 1);
  finish[1]?.();
  expect(await second).toMatchObject({ kind: "result" });
  await waitFor("the end of the other", () => data.sessions.size === 0);
  expect(data.received.filter(({ httpMethod }) => httpMethod === "DELETE")).toHaveLength(2);
});

it("keeps a session while it is being opened, however long that takes, and ends it with its caller", async () => {
  const clock = { reads: 0 };
  const nowMs = (): number => {
    clock.reads++;
    return Date.now();
  };
  const [relay, data] = await setUp("legacy", { sessionIdleMs: 10, nowMs });
  const answerHandshakes = data.holdHandshakes();
  const calling = relay.call(callOf("legacy", "first"));
  await waitFor("the handshake", () => data.sessions.size === 1);
  const { reads } = clock;
  await waitFor("idle sessions to be looked for, again and again", () => clock.reads > reads + 5);
  data.answer(({ id, res }) => {
    relay.endCaller("first");
    sendResult(res, id, { content: [] });
  });
  answerHandshakes();
  expect(await calling).toMatchObject({ kind: "result" });
  await waitFor("its end", () => data.sessions.size === 0);
});

it("adds configured headers, which never replace what the protocol needs", async () => {
  const [relay, data] = await setUp("modern");
  await relay.call(callOf("modern"));
  const { headers } = data.received.at(-1)!;
  expect([headers["x-team"], headers.accept]).toEqual(["web", "application/json, text/event-stream"]);
});

it("rejects when the caller has gone before the call", async () => {
  const [relay, data] = await setUp("modern");
  await expect(relay.call({ ...callOf("modern"), signal: AbortSignal.abort() })).rejects.toThrow();
  expect(data.received).toEqual([]);
});
