import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTestSeal } from "../../../replicas/testing.ts";
import type { StateOwner } from "../request-state.ts";
import { locateHeld, openHeld, sealHeld } from "./held-state.ts";

const seal = createTestSeal();
const target = { namespace: "n", server: "s", group: "g", publicName: "s__t", name: "t" };
const owner: StateOwner = { caller: "User:ada", target, request: { method: "tools/call", params: { name: "t" } } };
const reference = { id: "h-1", replica: "http://10.0.0.7:8080", round: 3, expiresMs: 1_000 };
const sealed = sealHeld(seal, owner, reference);

describe("F-074 the state of a held call", () => {
  it("opens for its owner in time, and tells anybody which replica to ask", () => {
    expect(openHeld(seal, sealed, { owner, nowMs: 999 })).toMatchObject(reference);
    expect(locateHeld(seal, sealed, 999)?.replica).toBe(reference.replica);
    for (const part of ["ada", "h-1", "10.0.0.7"]) expect(sealed).not.toContain(part);
  });

  it("opens for no other caller, server, method or params, and not after its time", () => {
    const caller = fc.string().filter((text) => text !== owner.caller);
    const others = fc.oneof(
      caller.map((each): StateOwner => ({ ...owner, caller: each })),
      fc.string().map((each): StateOwner => ({ ...owner, target: { ...target, server: `${each}x` } })),
      fc.string().map((each): StateOwner => ({ ...owner, target: { ...target, namespace: `${each}x` } })),
      fc.string().map((each): StateOwner => ({ ...owner, request: { method: `x${each}`, params: { name: "t" } } })),
      fc.jsonValue().map((each): StateOwner => ({
        ...owner,
        request: { method: "tools/call", params: { name: "t", arguments: each } },
      })),
    );
    fc.assert(fc.property(others, (other) => openHeld(seal, sealed, { owner: other, nowMs: 0 }) === undefined));
    expect(openHeld(seal, sealed, { owner, nowMs: 1_000 })).toBeUndefined();
    expect(locateHeld(seal, sealed, 1_000)).toBeUndefined();
  });

  it("opens in no changed form, under no other key, and is no state of another kind", () => {
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.constantFrom(...letters.split(/(?:)/u)), (at, letter) => {
        const changed = sealed.slice(0, at) + letter + sealed.slice(at + 1);
        return changed === sealed || openHeld(seal, changed, { owner, nowMs: 0 }) === undefined;
      }),
    );
    fc.assert(
      fc.property(
        fc.nat(sealed.length - 1),
        (at) => openHeld(seal, sealed.slice(0, at), { owner, nowMs: 0 }) === undefined,
      ),
    );
    fc.assert(fc.property(fc.anything(), (any) => locateHeld(seal, any, 0) === undefined));
    expect(locateHeld(createTestSeal(), sealed, 0)).toBeUndefined();
    expect(locateHeld(seal, seal.seal("state", Buffer.from(JSON.stringify(reference))), 0)).toBeUndefined();
    expect(seal.open("state", sealed)).toBeUndefined();
  });
});
