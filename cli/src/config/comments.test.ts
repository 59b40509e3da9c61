import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blankComments } from "./comments.ts";

describe("blankComments", () => {
  it("blanks both kinds of comments and keeps every line and column", () => {
    const text = '{ // one\n  "a": /* two\n three */ 1\n}';
    const blanked = blankComments(text);
    expect(JSON.parse(blanked)).toEqual({ a: 1 });
    expect(blanked.length).toBe(text.length);
    expect(blanked.split("\n").map((line) => line.length)).toEqual(text.split("\n").map((line) => line.length));
  });

  it("reads a file that begins with a comment", () => {
    expect(JSON.parse(blankComments('// servers\n{"a":1}'))).toEqual({ a: 1 });
  });

  it("leaves strings alone, also those that look like comments", () => {
    const text = '{"url":"http://127.0.0.1//x","quote":"\\"// no","star":"/* no */"}';
    expect(blankComments(text)).toBe(text);
  });

  it("leaves YAML alone, where // starts no comment", () => {
    const text = "mcpServers:\n  a:\n    url: http://127.0.0.1:1/mcp // part of the text\n";
    expect(blankComments(text)).toBe(text);
  });

  it("changes nothing in any JSON", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const text = JSON.stringify(value, null, 1);
        expect(blankComments(text)).toBe(text);
      }),
    );
  });
});
