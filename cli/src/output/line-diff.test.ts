import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDiff } from "./line-diff.ts";
import { createPaint } from "./paint.ts";

const diff = (before: string, after: string): readonly string[] => formatDiff(before, after, createPaint(false));

describe("a difference by lines", () => {
  it("shows what goes and what comes with the line on either side, and no more of the file", () => {
    const before = "{\n  secret: 1\n  a: {}\n}\n";
    expect(diff(before, "{\n  secret: 1\n  a: {},\n  b: {}\n}\n")).toEqual([
      "  2     secret: 1",
      "  3 -   a: {}",
      "  3 +   a: {},",
      "  4 +   b: {}",
      "  5   }",
    ]);
  });

  it("leaves out what lies between two changes", () => {
    expect(diff("a\nb\nc\nd\ne\nf", "A\nb\nc\nd\ne\nF")).toEqual([
      ...["  1 - a", "  1 + A", "  2   b", "  …", "  5   e", "  6 - f", "  6 + F"],
    ]);
  });

  it("is nothing where nothing differs, and cuts a file that is one line", () => {
    expect(diff("a\n", "a\n")).toEqual([]);
    expect(diff("", "x".repeat(500))[0]).toHaveLength("  1 + ".length + 162);
  });

  it("says enough to make the one text from the other", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(text, text, (before, after) => {
        const shown = diff(before.join("\n"), after.join("\n"));
        const [goes, comes] = ["-", "+"].map((sign) => shown.filter((line) => line.trimStart().split(" ")[1] === sign));
        expect(after.length - comes!.length).toBe(before.length - goes!.length);
      }),
    );
  });
});
