import { describe, expect, it } from "vitest";
import { createDoorPaths } from "./paths.ts";

const read = (path: string, request: string, { isOlder = false, hasSession = false } = {}) => {
  const [method = "", url = ""] = request.split(" ");
  return createDoorPaths(path, () => isOlder).read({ method, url, hasSession });
};

describe("requests of the older transport", () => {
  it.each([
    ["/mcp", "GET /sse?key=1", "?key=1"],
    ["/mcp", "GET /mcp/sse", ""],
    ["/", "GET /sse", ""],
    ["/sse", "GET /sse/sse", ""],
  ])("beside %s, %s opens a stream", (path, request, query) => {
    expect(read(path, request)).toEqual({ kind: "stream", query });
  });

  it.each([
    ["/mcp", "POST /mcp/messages?sessionId=a%20b", "a b"],
    ["/mcp/", "POST /mcp/messages?x=1&sessionId=a", "a"],
    ["/", "POST /messages?sessionId=a", "a"],
    ["/mcp", "POST /mcp/messages", ""],
  ])("beside %s, %s is a message", (path, request, sessionId) => {
    expect(read(path, request)).toEqual({ kind: "message", sessionId });
  });

  it.each([
    "POST /mcp",
    "GET /mcp",
    "DELETE /mcp",
    "POST /sse",
    "POST /mcp/sse",
    "GET /mcp/messages",
    "GET /sse/x",
    "GET /SSE",
  ])("%s is none", (request) => {
    expect(read("/mcp", request)).toBeUndefined();
  });

  it("a stream at the endpoint itself is the server's own transport: only where that is the older one, outside a session", () => {
    for (const [path, request] of [
      ["/sse", "GET /sse"],
      ["/mcp", "GET /mcp"],
      ["/mcp", "GET /mcp/"],
    ] as const) {
      expect(read(path, request)).toBeUndefined();
      expect(read(path, request, { isOlder: true })).toMatchObject({ kind: "stream" });
      expect(read(path, request, { isOlder: true, hasSession: true })).toBeUndefined();
    }
  });

  it("the endpoint that is named is one that is read", () => {
    for (const path of ["/mcp", "/", "/a/b/"]) {
      const paths = createDoorPaths(path, () => false);
      const url = paths.messagesOf("an id & more");
      expect(paths.read({ method: "POST", url, hasSession: false })).toEqual({
        kind: "message",
        sessionId: "an id & more",
      });
    }
  });
});
