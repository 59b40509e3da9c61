import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { parseRows } from "./rows.ts";

const first = { id: "F-001", section: "Install", sentence: "One command installs it." };
const second = { id: "F-002", section: "Search", sentence: "Search finds it.", leftOut: "Nobody asked." };
const parse = (value: unknown): unknown => parseRows(JSON.stringify(value));

describe("parseRows", () => {
  it("returns the rows in order", () => {
    expect(parse([first, second])).toEqual({ ok: true, value: [first, second] });
  });

  it.each([
    ["text that is no JSON", "[", "rows.json is not a JSON array."],
    ["an object", "{}", "rows.json is not a JSON array."],
  ])("refuses %s", (_fault, text, error) => {
    expect(parseRows(text)).toEqual({ ok: false, errors: [error] });
  });

  it.each([
    ["a gap in the numbers", [first, { ...second, id: "F-003" }], 'F-002: expected here, found "F-003".'],
    ["a number twice", [first, first], 'F-002: expected here, found "F-001".'],
    ["a row that is no object", [first, "F-002"], "F-002: not an object."],
    ["an empty sentence", [{ ...first, sentence: " " }], "F-001: sentence is not a text."],
    ["a reason that is no text", [{ ...first, leftOut: true }], "F-001: leftOut is not a text."],
    ["an unknown member", [{ ...first, wave: 1 }], "F-001: wave is not a known member."],
  ])("refuses %s", (_fault, rows, error) => {
    expect(parse(rows)).toEqual({ ok: false, errors: [error] });
  });

  it("names all faults at once", () => {
    expect(parse([{ ...first, section: 1 }, { id: "F-002" }])).toEqual({
      ok: false,
      errors: ["F-001: section is not a text.", "F-002: section is not a text.", "F-002: sentence is not a text."],
    });
  });

  it("refuses a section that is entered a second time", () => {
    const third = { ...first, id: "F-003" };
    expect(parse([first, second, third])).toEqual({
      ok: false,
      errors: ['F-003: section "Install" is entered a second time.'],
    });
  });
});

describe("rows.json", () => {
  const parsed = parseRows(readFileSync(new URL("rows.json", import.meta.url), "utf8"));
  const rows = parsed.ok ? parsed.value : [];
  const texts = rows.flatMap((row) => (row.leftOut === undefined ? [row.sentence] : [row.sentence, row.leftOut]));

  it("holds all 224 capabilities", () => {
    expect(parsed).toMatchObject({ ok: true });
    expect(rows).toHaveLength(224);
  });

  it("says each in one sentence of at most 25 words", () => {
    const wrong = texts.filter(
      (text) => text.split(/\s+/).length > 25 || !/^[A-Z`].*\.$/.test(text) || /[.!?] /.test(text),
    );
    expect(wrong).toEqual([]);
  });

  it("says nothing twice", () => {
    expect(new Set(texts).size).toBe(texts.length);
  });
});
