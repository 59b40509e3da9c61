import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anonymous } from "../auth/principal.ts";
import { openHop, readHopCaller, sealHop } from "./hop.ts";
import { createTestSeal } from "./testing.ts";

const seal = createTestSeal();
const request = { method: "POST", url: "/mcp", body: Buffer.from("{}"), nowMs: 1_000_000 };
const principal = { ...anonymous, kind: "User" as const, name: "alice", groups: ["dev"], claims: { tier: 1 } };
const text = sealHop(seal, { principal, caller: "address:10.0.0.9" }, request);

describe("a request that is passed on", () => {
  it("is vouched for with its caller", () => {
    expect(openHop(seal, text, request)).toEqual({ principal, caller: "address:10.0.0.9" });
    expect(readHopCaller(seal, text)).toBe("address:10.0.0.9");
  });

  it.each([
    ["another method", { method: "DELETE" }],
    ["another path", { url: "/mcp/g/secret" }],
    ["another body", { body: Buffer.from("[]") }],
    ["the same again later", { nowMs: 1_030_001 }],
    ["a time that is to come", { nowMs: 969_999 }],
  ])("is not vouched for as %s", (_what, change) => {
    expect(openHop(seal, text, { ...request, ...change })).toBeUndefined();
  });

  it("is not vouched for by whoever lacks the key, nor by a session's handle", () => {
    const forged = sealHop(createTestSeal(), { principal, caller: "x" }, request);
    expect(openHop(seal, forged, request)).toBeUndefined();
    expect(openHop(seal, seal.seal("session", Buffer.from("{}")), request)).toBeUndefined();
    fc.assert(fc.property(fc.anything(), (value) => openHop(seal, value, request) === undefined));
    expect(readHopCaller(seal, forged)).toBeUndefined();
  });
});
