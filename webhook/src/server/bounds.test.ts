/** Bodies that would take more memory than they look like are not parsed; every other body is. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findExcess, maxDepth, maxParts } from "./bounds.ts";

const excessOf = (text: string): string | undefined => findExcess(Buffer.from(text));

describe("the bounds of a body", () => {
  it("are met by every JSON that is not deep, whatever stands in its texts", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        expect(excessOf(text)).toBeUndefined();
      }),
    );
  });

  it("count levels outside of texts, and look into no text", () => {
    const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
    expect(excessOf(nested(maxDepth))).toBeUndefined();
    expect(excessOf(nested(maxDepth + 1))).toBe(`the body is nested deeper than ${maxDepth} levels`);
    const text = `\\\\\\"${"[{".repeat(maxDepth)}\\`;
    expect(excessOf(JSON.stringify([text]))).toBeUndefined();
    expect(excessOf(`["\\\\",${nested(maxDepth)}]`)).toBeDefined();
  });

  it("count lists, objects and members", () => {
    const members = (count: number): string => `[${"1,".repeat(count - 1)}1]`;
    expect(excessOf(members(maxParts))).toBeUndefined();
    expect(excessOf(members(maxParts + 1))).toBe(`the body has more than ${maxParts} parts`);
    expect(excessOf(`[${"{}".repeat(maxParts)}]`)).toBeDefined();
  });

  it("take any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        findExcess(bytes);
      }),
    );
    for (const text of ['"', '"\\', '"\\"', "]]]]", '"'.repeat(9)]) expect(excessOf(text)).toBeUndefined();
  });
});
