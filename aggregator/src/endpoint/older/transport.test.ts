import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { describe, expect, it } from "vitest";
import { createOlderTransport } from "./transport.ts";

const request = (id: string | number, method = "ping") => ({ jsonrpc: "2.0" as const, id, method });
const clientInfo = { name: "test", version: "1" };
const initialize = (id: number) => ({
  ...request(id, "initialize"),
  params: { protocolVersion: "2024-11-05", capabilities: {}, clientInfo },
});

/** A transport with what came in and went out. */
function open(maxPending = 8) {
  const sent: string[] = [];
  const received: JSONRPCMessage[] = [];
  const transport = createOlderTransport({ sessionId: "s", maxPending, send: (json) => void sent.push(json) });
  transport.onmessage = (message) => void received.push(message);
  return { transport, sent, received };
}

describe("messages that a session takes", () => {
  it("are handed on in their order, one or a batch, and responses go out as they are", async () => {
    const { transport, sent, received } = open();
    const notification = { jsonrpc: "2.0", method: "notifications/initialized" };
    expect(transport.take(initialize(0))).toBeUndefined();
    expect(transport.take([request("a"), notification])).toBeUndefined();
    expect(received).toEqual([initialize(0), request("a"), notification]);
    await transport.send({ jsonrpc: "2.0", id: "a", result: {} });
    expect(sent).toEqual(['{"jsonrpc":"2.0","id":"a","result":{}}']);
  });

  it("are JSON-RPC: anything else is refused, and of a batch nothing is taken", () => {
    const { transport, received } = open();
    for (const body of [
      [],
      7,
      null,
      {},
      { id: 1, method: "x" },
      [request(1), { jsonrpc: "1.0", id: 2, method: "x" }],
    ]) {
      expect(transport.take(body), JSON.stringify(body)).toMatchObject({ status: 400, code: -32_600 });
    }
    expect(received).toEqual([]);
  });

  it("open the session once, and not within a batch", () => {
    const { transport } = open();
    expect(transport.take([initialize(1), request(2)])).toMatchObject({ status: 400 });
    expect(transport.take(initialize(1))).toBeUndefined();
    const again = transport.take(initialize(2));
    expect(again).toMatchObject({ status: 400, message: "The session is open already; initialize opens one." });
    expect(String(again?.idBytes)).toBe("2");
  });
});

describe("requests under way", () => {
  it("are bounded, and one that is answered or cancelled makes room", async () => {
    const { transport } = open(2);
    expect(transport.take([request(1), request("1")])).toBeUndefined();
    expect(transport.take(request(2))).toMatchObject({ status: 429, code: 10_429, retryAfterSeconds: 1 });
    await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
    expect(transport.take(request(2))).toBeUndefined();
    expect(transport.take(request(3))).toMatchObject({ status: 429 });
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "1" } };
    expect(transport.take(cancel)).toBeUndefined();
    expect(transport.take(request(3))).toBeUndefined();
  });

  it("have ids of their own: a second one with the same id is refused while the first is under way", async () => {
    const { transport } = open();
    expect(transport.take([request(1), request(1)])).toMatchObject({ status: 400 });
    expect(transport.take(request(1))).toBeUndefined();
    expect(transport.take(request(1))).toMatchObject({
      status: 400,
      message: "A request with this id is under way in this session.",
    });
    await transport.send({ jsonrpc: "2.0", id: 1, error: { code: -32_601, message: "no" } });
    expect(transport.take(request(1))).toBeUndefined();
  });
});

it("says once that it is closed", async () => {
  const { transport } = open();
  let closed = 0;
  transport.onclose = () => {
    closed++;
  };
  await transport.close();
  await transport.close();
  expect(closed).toBe(1);
});
