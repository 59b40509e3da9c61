/** What no SDK client sends any more, posted by hand: batches of 2025-03-26, and the wire of the 2024-11-05 transport. */
import assert from "node:assert/strict";
import { createEventSplitter } from "@outrigger/mcp";
import { postRaw, type RawAnswer } from "../../fixtures/mcp-clients.ts";

/** One scenario; it throws where the server fails it. `url` is the endpoint of the transport. */
export type RawScenario = (url: URL) => Promise<void>;

const identity = { name: "raw-client", version: "1.0.0" };
const request = (id: number | string, method: string, params: object = {}): object => ({
  jsonrpc: "2.0",
  id,
  method,
  params,
});
const initialized = { jsonrpc: "2.0", method: "notifications/initialized" };
const offer = (revision: string): object =>
  request("first", "initialize", { protocolVersion: revision, capabilities: {}, clientInfo: identity });

/** Opens a session of 2025-03-26, whose requests carry no header with the revision. */
async function openBatching(url: URL): Promise<(body: unknown) => Promise<RawAnswer>> {
  const opened = await postRaw(url.href, JSON.stringify(offer("2025-03-26")));
  assert.equal((opened.messages[0]?.["result"] as { protocolVersion?: string }).protocolVersion, "2025-03-26");
  const headers = { "mcp-session-id": opened.headers.get("mcp-session-id") ?? "" };
  const post = (body: unknown): Promise<RawAnswer> => postRaw(url.href, JSON.stringify(body), headers);
  assert.equal((await post(initialized)).status, 202);
  return post;
}

const idsOf = ({ messages }: RawAnswer): unknown[] =>
  messages
    .flat()
    .map((message) => message["id"])
    .sort();

/** Batches, answered as JSON or as events. Source: MCP 2025-03-26 basic/transports "Sending Messages to the Server". */
export const batchScenarios: Readonly<Record<string, RawScenario>> = {
  "batch-of-requests": async (url) => {
    const post = await openBatching(url);
    const call = request("call", "tools/call", { name: "test_simple_text" });
    const answer = await post([request("ping", "ping"), call, request("list", "tools/list")]);
    assert.equal(answer.status, 200);
    assert.deepEqual(idsOf(answer), ["call", "list", "ping"]);
    assert(answer.text.includes("This is a simple text response for testing."));
  },
  "batch-with-an-error": async (url) => {
    const post = await openBatching(url);
    const answer = await post([request("good", "ping"), request("bad", "no/such/method")]);
    assert.deepEqual(idsOf(answer), ["bad", "good"]);
    const bad = answer.messages.flat().find(({ id }) => id === "bad");
    assert.equal((bad?.["error"] as { code?: number }).code, -32_601);
  },
  "batch-of-requests-and-notifications": async (url) => {
    const post = await openBatching(url);
    const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "none" } };
    assert.deepEqual(idsOf(await post([cancelled, request("list", "prompts/list")])), ["list"]);
  },
  "batch-of-notifications": async (url) => {
    const post = await openBatching(url);
    const rooted = { jsonrpc: "2.0", method: "notifications/roots/list_changed" };
    assert.equal((await post([rooted, rooted])).status, 202);
  },
};

/** A stream of the older transport: its events in order, and the address that its first one named. */
async function openOlder(url: URL): Promise<{
  readonly messages: URL;
  readonly next: () => Promise<Record<string, unknown>>;
  readonly leave: () => void;
}> {
  const leaving = new AbortController();
  const response = await fetch(url, { headers: { accept: "text/event-stream" }, signal: leaving.signal });
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
  const events = readEvents(response);
  const next = async (): Promise<{ event?: string | undefined; data?: string | undefined }> => {
    const read = await events.next();
    assert(read.done !== true, "the stream ended");
    return read.value;
  };
  const first = await next();
  assert.equal(first.event, "endpoint");
  const messages = new URL(first.data ?? "", url);
  assert.equal(messages.origin, url.origin);
  return {
    messages,
    next: async () => JSON.parse((await next()).data ?? "") as Record<string, unknown>,
    leave: () => leaving.abort(),
  };
}

async function* readEvents(
  response: Response,
): AsyncGenerator<{ event?: string | undefined; data?: string | undefined }> {
  const splitter = createEventSplitter({ maxEventBytes: 1_048_576 });
  for await (const chunk of response.body ?? []) {
    for (const event of splitter.push(chunk as Uint8Array).events) if (event.data !== undefined) yield event;
  }
}

/** The wire of the older transport. Source: MCP 2024-11-05 basic/transports "HTTP with SSE". */
export const olderScenarios: Readonly<Record<string, RawScenario>> = {
  "endpoint-is-the-first-event": async (url) => {
    (await openOlder(url)).leave();
  },
  "posts-are-accepted-and-answered-on-the-stream": async (url) => {
    const { messages, next, leave } = await openOlder(url);
    try {
      assert.equal((await postRaw(messages.href, JSON.stringify(offer("2024-11-05")))).status, 202);
      const opened = await next();
      assert.equal(opened["id"], "first");
      assert.equal((opened["result"] as { protocolVersion?: string }).protocolVersion, "2024-11-05");
      assert.equal((await postRaw(messages.href, JSON.stringify(initialized))).status, 202);
      const call = request("call", "tools/call", { name: "test_simple_text" });
      assert.equal((await postRaw(messages.href, JSON.stringify(call))).status, 202);
      assert.equal((await next())["id"], "call");
    } finally {
      leave();
    }
  },
  "a-made-up-session-is-unknown": async (url) => {
    const { messages, leave } = await openOlder(url);
    for (const name of messages.searchParams.keys()) messages.searchParams.set(name, "made-up");
    const { status } = await postRaw(messages.href, JSON.stringify(request(1, "ping")));
    leave();
    assert(status >= 400 && status < 500);
  },
};
