import { expect, it } from "vitest";
import { refuseForOlder } from "./refuse.ts";

const list = { jsonrpc: "2.0", id: "a", method: "tools/list" };
const post = { httpMethod: "POST" };

it("lets messages of legacy revisions through, with their header and without", () => {
  expect(refuseForOlder({ ...post, body: list })).toBeUndefined();
  for (const protocolVersionHeader of ["2024-11-05", "2025-11-25"]) {
    expect(refuseForOlder({ ...post, body: list, protocolVersionHeader }), protocolVersionHeader).toBeUndefined();
  }
});

it("refuses messages of the modern era, by body and by header, and revisions that nobody knows, with the request's id", () => {
  const claim = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };
  const cases = [
    { body: { ...list, params: { _meta: claim } } },
    { body: [{ ...list, params: { _meta: claim } }], id: undefined },
    { body: list, protocolVersionHeader: "2026-07-28" },
    { body: list, protocolVersionHeader: "2019-01-01" },
  ];
  for (const { id = '"a"', ...claims } of cases) {
    const refusal = refuseForOlder({ ...post, ...claims });
    expect([refusal?.status, refusal?.code]).toEqual([400, -32_600]);
    if (!Array.isArray(claims.body)) expect(String(refusal?.idBytes)).toBe(id);
  }
});
