import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findValue, readScalar, splice } from "./splice.ts";

const bytes = (value: unknown, indent?: number): Buffer => Buffer.from(JSON.stringify(value, undefined, indent));

describe("splicing", () => {
  it("finds the value that parsing finds, in any object and spacing", () => {
    const key = fc.string({ unit: fc.constantFrom("a", "b", '"', "\\", "{", "é"), maxLength: 3 });
    const objects = fc.dictionary(key, fc.dictionary(key, fc.jsonValue()));
    fc.assert(
      fc.property(objects, key, fc.tuple(key, fc.constantFrom(0, 2)), (value, outer, [inner, indent]) => {
        const message = bytes(value, indent);
        const span = findValue(message, [outer, inner]);
        const expected =
          Object.hasOwn(value, outer) && Object.hasOwn(value[outer] ?? {}, inner) ? value[outer]?.[inner] : undefined;
        const found: unknown =
          span === undefined ? undefined : JSON.parse(message.toString("utf8", span.start, span.end));
        expect(found).toEqual(expected === undefined ? undefined : JSON.parse(JSON.stringify(expected)));
      }),
      { numRuns: 300 },
    );
  });

  it("replaces values and leaves every other byte as it was", () => {
    const message = Buffer.from('{"id" : 7, "big":12345678901234567890,"params":{"_meta":{"progressToken":"x"}}}');
    const edits = [["params", "_meta", "progressToken"], ["id"]].map((path, index) => {
      const span = findValue(message, path);
      if (span === undefined) throw new Error("not found");
      return { span, bytes: Buffer.from(`"new ${index}"`) };
    });
    expect(splice(message, edits).toString()).toBe(
      '{"id" : "new 1", "big":12345678901234567890,"params":{"_meta":{"progressToken":"new 0"}}}',
    );
  });

  it("reads strings and numbers only", () => {
    const message = bytes({ a: "x", b: -1.5, c: { d: [] }, e: null });
    expect(readScalar(message, ["a"])).toBe("x");
    expect(readScalar(message, ["b"])).toBe(-1.5);
    for (const path of [["c"], ["c", "d"], ["e"], ["f"], ["a", "x"]]) expect(readScalar(message, path)).toBeUndefined();
  });
});
