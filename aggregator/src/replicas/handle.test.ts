import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anonymous, type Principal } from "../auth/principal.ts";
import { handleLifeMs, maxHandleLength, openHandle, readGreeting, sealHandle, type Greeting } from "./handle.ts";
import { createTestSeal } from "./testing.ts";

const seal = createTestSeal();
const greeting: Greeting = {
  protocolVersion: "2025-11-25",
  capabilities: { roots: { listChanged: true } },
  clientInfo: { name: "editor", version: "1" },
};
const alice: Principal = { ...anonymous, kind: "User", name: "alice" };
const made = { kind: "session", id: "7a", endpoint: "/mcp", principal: alice, owner: "http://10.0.0.1:7779" } as const;
const shown = { kind: "session", principal: alice, endpoint: "/mcp", nowMs: 1_000_000 } as const;
const handle = sealHandle(seal, { ...made, nowMs: 1_000_000, greeting });

describe("F-077 a session handle", () => {
  it("tells any replica whose session it is, where it is open, and what its client said", () => {
    expect(openHandle(seal, handle, shown)).toMatchObject({
      ok: true,
      handle: { id: "7a", owner: "http://10.0.0.1:7779", greeting },
    });
  });

  it.each([
    ["another caller", { principal: { ...alice, name: "bob" } }, "foreign"],
    ["nobody in particular", { principal: anonymous }, "foreign"],
    ["another endpoint", { endpoint: "/mcp/g/code" }, "foreign"],
    ["the older transport", { kind: "stream" }, "foreign"],
    ["its holder after its life", { nowMs: 1_000_000 + handleLifeMs }, "expired"],
    ["its holder long before it was made", { nowMs: 1_000_000 - 61_000 }, "expired"],
  ] as const)("opens nothing for %s", (_who, change, problem) => {
    expect(openHandle(seal, handle, { ...shown, ...change })).toEqual({ ok: false, problem });
  });

  it("opens for its holder to the end of its life, also where clocks differ a little", () => {
    for (const nowMs of [1_000_000 - 59_000, 1_000_000 + handleLifeMs - 1]) {
      expect(openHandle(seal, handle, { ...shown, nowMs }).ok).toBe(true);
    }
  });

  it("is no longer than a header's value should be, whatever the client said and whoever it is", () => {
    const text = fc.string({ maxLength: 4_000, unit: "binary" });
    fc.assert(
      fc.property(text, text, fc.string({ maxLength: 300 }), (name, capability, who) => {
        const said = { ...greeting, capabilities: { [capability]: {} }, clientInfo: { name, version: "1" } };
        const principal = { ...alice, name: who };
        const place = {
          endpoint: `/mcp/s/${"n".repeat(63)}/${"s".repeat(63)}`,
          owner: `http://[${"f".repeat(39)}]:65535`,
        };
        const sealed = sealHandle(seal, { ...made, ...place, principal, nowMs: 0, greeting: said });
        expect(sealed.length).toBeLessThanOrEqual(maxHandleLength);
        const opened = openHandle(seal, sealed, { ...shown, ...place, principal, nowMs: 0 });
        expect(opened.ok && [undefined, said]).toContainEqual(opened.ok && opened.handle.greeting);
      }),
    );
  });

  it("carries of an initialize what a server has to know again, and nothing of another message", () => {
    const params = { ...greeting, clientInfo: { ...greeting.clientInfo, icons: [{ src: "data:x" }] } };
    expect(readGreeting({ jsonrpc: "2.0", id: 1, method: "initialize", params })).toEqual(greeting);
    fc.assert(fc.property(fc.jsonValue(), (value) => readGreeting(value) === undefined));
    expect(readGreeting({ method: "initialize", params: { ...params, capabilities: [] } })).toBeUndefined();
  });
});
