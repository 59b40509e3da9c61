import { describe, expect, it } from "vitest";

import { assessRows } from "./assess.ts";
import type { NumberedTitle } from "./collect.ts";
import type { Row } from "./rows.ts";

const rows: readonly Row[] = [
  { id: "F-001", section: "A", sentence: "One." },
  { id: "F-002", section: "A", sentence: "Two." },
  { id: "F-003", section: "A", sentence: "Three.", leftOut: "Not ours." },
];
const makeTitle = (changes: Partial<NumberedTitle>): NumberedTitle => ({
  file: "a.test.ts",
  line: 1,
  numbers: ["F-001"],
  title: "works",
  run: { kind: "Always" },
  ...changes,
});
const messages = (titles: readonly NumberedTitle[]): readonly string[] => {
  const assessed = assessRows(rows, titles);
  return assessed.ok ? [] : assessed.problems.map((problem) => problem.message);
};

describe("assessRows", () => {
  it("gives each row its tests by file and line, however they come in", () => {
    const assessed = assessRows(rows, [
      makeTitle({ file: "b.test.ts", title: "third" }),
      makeTitle({ line: 9, title: "second", numbers: ["F-002", "F-001"] }),
      makeTitle({ line: 3, title: "first", run: { kind: "Sometimes" } }),
    ]);
    expect(assessed).toEqual({
      ok: true,
      value: [
        {
          row: rows[0],
          proofs: [
            { file: "a.test.ts", title: "first", conditional: true },
            { file: "a.test.ts", title: "second", conditional: false },
            { file: "b.test.ts", title: "third", conditional: false },
          ],
        },
        { row: rows[1], proofs: [{ file: "a.test.ts", title: "second", conditional: false }] },
        { row: rows[2], proofs: [] },
      ],
    });
  });

  it("sorts by code unit, the same on every machine", () => {
    const titles = ["b.test.ts", "B.test.ts", "a.test.ts"].map((file) => makeTitle({ file }));
    const assessed = assessRows(rows, titles);
    expect(assessed.ok && assessed.value[0]?.proofs.map((proof) => proof.file)).toEqual([
      "B.test.ts",
      "a.test.ts",
      "b.test.ts",
    ]);
  });

  it("names a title once per file", () => {
    const assessed = assessRows(rows, [makeTitle({}), makeTitle({ line: 2 }), makeTitle({ file: "b.test.ts" })]);
    expect(assessed.ok && assessed.value[0]?.proofs.map((proof) => proof.file)).toEqual(["a.test.ts", "b.test.ts"]);
  });

  it("reports an unknown number with file and line", () => {
    expect(messages([makeTitle({ line: 7, numbers: ["F-001", "F-999"] })])).toEqual([
      "a.test.ts:7: F-999 is not a number of docs/features/rows.json",
    ]);
  });

  it("reports a number on a test that never runs", () => {
    expect(messages([makeTitle({ run: { kind: "Never", why: "a test that is skipped" } })])).toEqual([
      "a.test.ts:1: F-001 stands on a test that is skipped",
    ]);
  });

  it("reports a test that claims what is left out", () => {
    expect(messages([makeTitle({ numbers: ["F-003"] })])).toEqual([
      "a.test.ts:1: F-003 is left out on purpose in docs/features/rows.json, so no test may claim it",
    ]);
  });

  it("reports all problems, ordered by file and line", () => {
    const places = [
      { file: "b.test.ts", line: 1 },
      { file: "a.test.ts", line: 12 },
      { file: "a.test.ts", line: 2 },
    ];
    const found = messages(places.map((place) => makeTitle({ ...place, numbers: ["F-9"] })));
    expect(found.map((message) => message.split(": ")[0])).toEqual(["a.test.ts:2", "a.test.ts:12", "b.test.ts:1"]);
  });
});
