import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSearchRequest, searchLimits } from "./request.ts";

const read = (input: unknown) => {
  const parsed = parseSearchRequest(input);
  if (!parsed.ok) throw new Error(`${parsed.field}: ${parsed.expected}`);
  return parsed.value;
};

describe("parseSearchRequest", () => {
  it("fills in defaults", () => {
    expect(read({ description: "read a file" })).toEqual({
      description: "read a file",
      keywords: "",
      limit: 8,
      filters: {},
      detail: "full",
      truncated: false,
    });
  });

  it("reads every member", () => {
    const request = read({
      description: "read a file",
      keywords: ["file", "text"],
      limit: 50,
      server: "filesystem",
      group: "g",
      namespace: "n",
      server_id: "n/fs",
      read_only: true,
      detail: "short",
      tag: " Files ",
      max_tokens: 500,
    });
    expect(request).toEqual({
      description: "read a file",
      keywords: "file text",
      limit: 50,
      server: "filesystem",
      filters: { group: "g", namespace: "n", serverId: "n/fs", readOnly: true, tag: "files" },
      detail: "short",
      maxTokens: 500,
      truncated: false,
    });
    expect(read({ description: "x", read_only: false }).filters).toEqual({});
  });

  it("F-093 reads the argument names of older prompts", () => {
    const old = read({ tool_description: "read a file", tool_keywords: "file text", server_name: "filesystem" });
    expect(old).toEqual(read({ description: "read a file", keywords: "file text", server: "filesystem" }));
    expect(read({ description: "new", tool_description: "old" }).description).toBe("new");
  });

  it.each([
    [undefined, "arguments", "an object", "nothing"],
    [[], "arguments", "an object", "[]"],
    [{}, "description", "a string", "nothing"],
    [{ description: 7 }, "description", "a string", "7"],
    [{ tool_description: null }, "tool_description", "a string", "null"],
    [{ description: "a", keywords: [1] }, "keywords", "a string or a list of strings", "[1]"],
    [{ description: "a", tool_keywords: {} }, "tool_keywords", "a string or a list of strings", "{}"],
    [{ description: "a", limit: 0 }, "limit", "a whole number from 1 to 50", "0"],
    [{ description: "a", limit: 51 }, "limit", "a whole number from 1 to 50", "51"],
    [{ description: "a", limit: 2.5 }, "limit", "a whole number from 1 to 50", "2.5"],
    [{ description: "a", limit: "8" }, "limit", "a whole number from 1 to 50", '"8"'],
    [{ description: "a", detail: "long" }, "detail", '"full" or "short"', '"long"'],
    [{ description: "a", read_only: "yes" }, "read_only", "true or false", '"yes"'],
    [{ description: "a", group: 1 }, "group", "a string", "1"],
  ])("refuses %j and names field, form and value", (input, ...refusal) => {
    const [field, expected, got] = refusal;
    expect(parseSearchRequest(input)).toEqual({ ok: false, field, expected, got });
  });

  it("cuts a text of more than 4,000 characters and says so, never within a character", () => {
    const text = `${"a".repeat(searchLimits.usedCharacters - 1)}😀`;
    const cut = read({ description: text });
    expect(cut.description).toBe("a".repeat(searchLimits.usedCharacters - 1));
    expect(cut.truncated).toBe(true);
    expect(read({ description: "a", keywords: "b ".repeat(2_001) }).truncated).toBe(true);
    expect(read({ description: "a".repeat(searchLimits.usedCharacters) }).truncated).toBe(false);
  });

  it("refuses a text of more than 64 KiB, counted in bytes", () => {
    const expected = "at most 65536 bytes";
    expect(read({ description: "a".repeat(65_536) }).truncated).toBe(true);
    const long = { ok: false, field: "description", expected, got: "a string of 65537 characters" };
    expect(parseSearchRequest({ description: "a".repeat(65_537) })).toEqual(long);
    expect(parseSearchRequest({ description: "é".repeat(32_769) })).toMatchObject({ ok: false, field: "description" });
    const list = Array.from({ length: 40_000 }, () => "a");
    expect(parseSearchRequest({ description: "a", keywords: list })).toMatchObject({ ok: false, field: "keywords" });
  });

  it("answers any input, with the field that is wrong or a request within bounds", () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.object()), (input) => {
        const parsed = parseSearchRequest(input);
        if (parsed.ok) expect(parsed.value.limit).toBeGreaterThanOrEqual(1);
        else expect(parsed.expected).not.toBe("");
      }),
    );
  });
});
