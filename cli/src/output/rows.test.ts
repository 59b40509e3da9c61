/** Rows of labels and texts, wide and narrow. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatRows } from "./rows.ts";
import { measureWidth } from "./width.ts";

const layout = { indent: 2, labelWidth: 4 };

describe("rows", () => {
  it("put texts under each other, the label before the first line alone", () => {
    const rows = [
      ["why", "one two three four five six"],
      ["", "more"],
    ] as const;
    expect(formatRows(rows, { ...layout, columns: 33 })).toEqual([
      "  why   one two three four five",
      "        six",
      "        more",
    ]);
  });

  it("leave a text alone that goes to no terminal", () => {
    const text = "x ".repeat(200).trim();
    expect(formatRows([["why", text]], { ...layout, columns: undefined })).toEqual([`  why   ${text}`]);
  });

  it("keep every word, and within the terminal where no word is wider", () => {
    const words = fc.array(fc.stringMatching(/^[a-zé]{1,12}$/), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(words, fc.integer({ min: 32, max: 80 }), (list, columns) => {
        const lines = formatRows([["why", list.join(" ")]], { ...layout, columns });
        expect(lines.map((line) => line.slice(8)).join(" ")).toBe(list.join(" "));
        for (const line of lines) expect(measureWidth(line)).toBeLessThanOrEqual(columns);
      }),
    );
  });
});
