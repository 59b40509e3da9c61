import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseBasePath, parsePublicUrl, stripBasePath } from "./public-address.ts";

describe("F-012 a base path", () => {
  it("is taken off where it stands as a whole, and nothing else is", () => {
    const off = (url: string) => stripBasePath(url, "/tools");
    expect(["/tools/mcp?a=/tools", "/tools", "/tools/", "/tools?x"].map(off)).toEqual([
      "/mcp?a=/tools",
      "/",
      "/",
      "/?x",
    ]);
    for (const url of ["/mcp", "/toolsmith/mcp", "/x/tools/mcp", "/"]) expect(off(url)).toBe(url);
  });

  it("leaves everything as it is where there is none", () => {
    fc.assert(fc.property(fc.string(), (path) => stripBasePath(path, "") === path));
  });

  it("and a public URL have forms that can be told apart from mistakes", () => {
    expect(parsePublicUrl("https://Tools.example:8443/a/b/")).toEqual({
      ok: true,
      value: { origin: "https://tools.example:8443", basePath: "/a/b" },
    });
    for (const text of ["tools.example", "ftp://x", "https://x/?a", "https://x/#b", "https://u@x/", 'https://x/a"b'])
      expect(parsePublicUrl(text).ok, text).toBe(false);
    expect(parseBasePath("/a/b/")).toEqual({ ok: true, value: "/a/b" });
    for (const text of ["", "/", "a", "//", "/a//b", "/a b", "/a?b"]) expect(parseBasePath(text).ok, text).toBe(false);
  });
});
