import { describe, expect, it } from "vitest";
import { filterList } from "./filter-list.ts";
import { readElements, readMembers } from "./walk.ts";

describe("walking an object or an array", () => {
  it("gives keys as decoders read them and where the values stand", () => {
    const body = Buffer.from('{ "a" : [1, 2] , "\\u0062":"x"}');
    const members = readMembers(body, 0);
    expect(members?.map(({ key, start, end }) => [key, body.toString("utf8", start, end)])).toEqual([
      ["a", "[1, 2]"],
      ["b", '"x"'],
    ]);
    const elements = readElements(body, members?.[0]?.start ?? 0);
    expect(elements?.map(({ start, end }) => body.toString("utf8", start, end))).toEqual(["1", "2"]);
  });

  it.each([
    '{"a":1 "b":2}',
    '{"a":1;"b":2}',
    "[1;2]",
    '{"a":1,}',
    '{"a" 1}',
    "{a:1}",
    '{"a":}',
    '{"a":1',
    "[1 2]",
    "[1,]",
    "[1",
    "[,]",
  ])("gives nothing for %s", (text) => {
    expect(readMembers(Buffer.from(text), 0) ?? readElements(Buffer.from(text), 0)).toBeUndefined();
  });

  it("refuses values that nest deeper than lists do", () => {
    const deep = (levels: number) =>
      Buffer.from(`{"result":{"tools":[],"x":${"[".repeat(levels)}${"]".repeat(levels)}}}`);
    expect(filterList(deep(200), "tools", () => true).kind).toBe("unchanged");
    expect(filterList(deep(10_000), "tools", () => true).kind).toBe("refused");
  });
});
