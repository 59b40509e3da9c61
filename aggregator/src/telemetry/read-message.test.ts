import { expect, it } from "vitest";
import { describeMessage, readMessage } from "./read-message.ts";

it("reads what a message is about", () => {
  const params = { name: "x", _meta: { traceparent: "t" } };
  expect(readMessage({ id: 1, method: "tools/call", params })).toEqual({
    method: "tools/call",
    id: 1,
    name: "x",
    meta: { traceparent: "t" },
  });
  expect(readMessage({ id: 1, result: {} })).toMatchObject({ method: "response" });
});

it.each([{}, { params: null }, { params: [] }, { params: { name: 7, _meta: "x" } }])(
  "takes %j for what it is",
  (more) => {
    expect(readMessage({ id: {}, method: "tools/call", ...more })).toEqual({
      method: "tools/call",
      id: undefined,
      name: undefined,
      meta: {},
    });
  },
);

it("names a tool in a span where it is known, and follows the message before the header", () => {
  const meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };
  const read = { method: "tools/call", id: 1, name: "x", meta };
  const headers = { "mcp-session-id": "s", "mcp-protocol-version": "2025-06-18" };
  const { name, attributes } = describeMessage(read, { isKnown: true, headers });
  expect(name).toBe("tools/call x");
  expect(attributes).toMatchObject({ "mcp.protocol.version": "2026-07-28", "mcp.session.id": "043a718774c572bd" });
  expect(describeMessage(read, { isKnown: false, headers }).name).toBe("tools/call");
});
