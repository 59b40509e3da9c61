import { expect, it } from "vitest";
import { describeOperation } from "./conventions.ts";

it("names an operation by its method, and by its target where that is one of few", () => {
  const nameOf = (method: string, isKnown: boolean): string =>
    describeOperation({ method, target: { name: "x", isKnown } }).name;
  expect(nameOf("tools/call", true)).toBe("tools/call x");
  expect(nameOf("tools/call", false)).toBe("tools/call");
  expect(nameOf("prompts/get", true)).toBe("prompts/get x");
  expect(nameOf("tools/list", true)).toBe("tools/list");
});

it("describes a call by the names of the conventions", () => {
  const target = { name: "x", isKnown: false };
  const facts = { method: "tools/call", id: 7, target, sessionId: "s", protocolVersion: "2025-06-18" };
  expect(describeOperation(facts).attributes).toEqual({
    "mcp.method.name": "tools/call",
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "x",
    "jsonrpc.request.id": "7",
    "mcp.session.id": "s",
    "mcp.protocol.version": "2025-06-18",
    "network.protocol.name": "http",
  });
});

it("cuts what callers made long, and leaves out what is not there", () => {
  const { name, attributes } = describeOperation({ method: "m".repeat(1_000), id: null, uri: "u".repeat(1_000) });
  expect(name).toHaveLength(256);
  expect(Object.keys(attributes)).toEqual(["mcp.method.name", "mcp.resource.uri", "network.protocol.name"]);
  expect(attributes["mcp.resource.uri"]).toHaveLength(256);
});
