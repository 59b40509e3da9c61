/** Names and callers as the command line spells them. */
import { describe, expect, it } from "vitest";
import { readToolName } from "./name.ts";
import { describeCaller, readCaller } from "./read-caller.ts";

describe("a tool's name", () => {
  it.each([
    ["tools__search__delete_file", {}, { namespace: "tools", server: "search", tool: "delete_file" }],
    ["tools__search__a__b", {}, { namespace: "tools", server: "search", tool: "a__b" }],
    ["search__query", {}, { server: "search", tool: "query" }],
    ["search__query", { namespace: "tools" }, { namespace: "tools", server: "search", tool: "query" }],
    ["query", { server: "tools/search" }, { namespace: "tools", server: "search", tool: "query" }],
    ["query", { server: "search", namespace: "tools" }, { namespace: "tools", server: "search", tool: "query" }],
    ["tools__search__query", { server: "tools/search" }, { namespace: "tools", server: "search", tool: "query" }],
    ["other__x__query", { server: "tools/search" }, { namespace: "tools", server: "search", tool: "other__x__query" }],
    ["no-name-of-ours", {}, {}],
  ])("%s with %j is %j", (given, flags, expected) => {
    expect(readToolName(given, flags)).toEqual({ given, ...expected });
  });
});

describe("a caller", () => {
  it("is a user, a service account, anonymous, or nobody that is vouched for", () => {
    expect(readCaller({ claim: {} })).toEqual({ ok: true, caller: undefined });
    expect(readCaller({ caller: "user:a@b.c", group: ["x"], claim: { admin: "true", tier: "gold" } })).toEqual({
      ok: true,
      caller: { kind: "User", name: "a@b.c", groups: ["x"], claims: { admin: true, tier: "gold" } },
    });
    expect(readCaller({ caller: "serviceaccount:ci/bot", claim: {} })).toMatchObject({
      caller: { kind: "ServiceAccount", namespace: "ci", name: "bot" },
    });
    expect(readCaller({ caller: "anonymous", claim: {} })).toMatchObject({ caller: { kind: "Anonymous" } });
    expect(readCaller({ group: ["x"], claim: {} })).toMatchObject({ caller: { kind: "User", groups: ["x"] } });
  });

  it.each(["", "bob", "user:", "serviceaccount:x", "serviceaccount:a/b/c", "group:x", "anonymous:x"])(
    "is not read from %j",
    (caller) => {
      expect(readCaller({ caller, claim: {} })).toEqual({
        ok: false,
        expected: expect.stringContaining("--caller") as string,
      });
    },
  );

  it("is told in words", () => {
    const caller = { kind: "ServiceAccount", namespace: "ci", name: "bot", groups: ["g"], claims: { a: [1] } } as const;
    expect(describeCaller(caller)).toBe("ServiceAccount ci/bot; groups g; claims a=[1]");
    expect(describeCaller(undefined)).toContain("nobody");
  });
});
