import { expect, it } from "vitest";
import { createOperationLine, createRequestLine, type ToldOperation } from "./audit-line.ts";
import type { Arrival } from "./arrivals.ts";

const arrival: Arrival = {
  method: "POST",
  path: "/mcp",
  headers: { authorization: "Bearer s3cret" },
  caller: "address:10.0.0.1",
  startedMs: 0,
  messages: 1,
};
const told: ToldOperation = {
  id: "id-1",
  traceId: "trace-1",
  method: "tools/call",
  via: "call_tool",
  tool: "tools__git__push",
  target: { namespace: "tools", server: "git" },
  retries: 0,
  judgement: { decision: "allow", reason: "Allowed", outcome: "ok" },
  durationMs: 1.23456,
};

it("says of an operation who asked for what by which way, and what became of it", () => {
  expect(createOperationLine(arrival, told, 0)).toEqual({
    time: "1970-01-01T00:00:00.000Z",
    id: "id-1",
    traceId: "trace-1",
    endpoint: "/mcp",
    method: "tools/call",
    via: "call_tool",
    tool: "tools__git__push",
    namespace: "tools",
    server: "git",
    caller: "address:10.0.0.1",
    decision: "allow",
    reason: "Allowed",
    outcome: "ok",
    durationMs: 1.235,
  });
});

it("leaves out what is not there, and cuts what callers made long", () => {
  const bare = { ...told, traceId: undefined, via: undefined, target: undefined, tool: "n".repeat(10_000) };
  const line = createOperationLine({ ...arrival, path: `/${"p".repeat(10_000)}` }, bare, 0);
  expect(Object.keys(line)).not.toContain("via");
  expect(Object.keys(line)).not.toContain("server");
  expect([String(line["tool"]).length, String(line["endpoint"]).length]).toEqual([257, 257]);
});

it("says of a request without a message what it was refused for", () => {
  const refused = { id: "id-2", method: "unread", reason: "RequestTooLarge", status: 413, durationMs: 2 } as const;
  expect(createRequestLine(arrival, refused, 0)).toMatchObject({ id: "id-2", decision: "deny", status: 413 });
  const line = createRequestLine(arrival, { ...refused, reason: "Allowed", status: 202 }, 0);
  expect(line).toMatchObject({ decision: "allow" });
  expect(JSON.stringify(line)).not.toContain("s3cret");
});
