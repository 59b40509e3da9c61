import { describe, expect, it } from "vitest";

import type { AssessedRow, Proof } from "./assess.ts";
import { countRows, renderPage } from "./render.ts";

const makeProof = (changes: Partial<Proof>): Proof => ({
  file: "sidecar/src/a.test.ts",
  title: "works",
  conditional: false,
  ...changes,
});
const makeRow = (id: string, changes: Partial<AssessedRow["row"]>, proofs: readonly Proof[] = []): AssessedRow => ({
  row: { id, section: "Policy, limits", sentence: `${id} holds.`, ...changes },
  proofs,
});
const rows = [
  makeRow("F-001", {}, [
    makeProof({ title: "first" }),
    makeProof({ title: "second", conditional: true }),
    makeProof({ file: "test/integration/b.test.ts", title: "third" }),
  ]),
  makeRow("F-002", {}),
  makeRow("F-003", { section: "Groups", leftOut: "Not | ours." }),
];
const lineOf = (id: string, assessed: readonly AssessedRow[]): string | undefined =>
  renderPage(assessed)
    .split("\n")
    .find((line) => line.startsWith(`| ${id} `));

describe("countRows", () => {
  it("counts each row in one state", () => {
    expect(countRows(rows)).toEqual({ shown: 1, open: 1, leftOut: 1 });
  });
});

describe("renderPage", () => {
  it("says at the top how many are shown, open and left out", () => {
    expect(renderPage(rows)).toContain(
      "**Of 3 capabilities, 1 are shown by tests, 1 are open and 1 are left out on purpose.**",
    );
  });

  it("counts and links every section in order, then all", () => {
    const table = renderPage(rows)
      .split("\n")
      .filter((line) => /^\| (?:\[|\*)/.test(line));
    expect(table).toEqual([
      "| [Policy, limits](#policy-limits) | 1 | 1 | 0 |",
      "| [Groups](#groups) | 0 | 0 | 1 |",
      "| **All** | 1 | 1 | 1 |",
    ]);
  });

  it("names the tests below their file", () => {
    expect(lineOf("F-001", rows)).toBe(
      "| F-001 | F-001 holds. | [sidecar/src/a.test.ts](../sidecar/src/a.test.ts)<br>• first<br>• second _(conditional)_" +
        "<br>[test/integration/b.test.ts](../test/integration/b.test.ts)<br>• third |",
    );
  });

  it("says open where no test shows a row", () => {
    expect(lineOf("F-002", rows)).toBe("| F-002 | F-002 holds. | open |");
  });

  it("says why a row is left out, and keeps a bar in it inside its cell", () => {
    expect(lineOf("F-003", rows)).toBe(String.raw`| F-003 | F-003 holds. | left out: Not \| ours. |`);
  });

  it.each([
    ["a|b", String.raw`a\|b`],
    ["`code` and *stars*", String.raw`\`code\` and \*stars\*`],
    ["<b> & [x](y)", String.raw`&lt;b> &amp; \[x\](y)`],
    ["find_tool and _meta", String.raw`find_tool and \_meta`],
    [String.raw`a \ b`, String.raw`a \\ b`],
  ])("shows the title %j as it is", (title, escaped) => {
    expect(lineOf("F-001", [makeRow("F-001", {}, [makeProof({ title })])])).toContain(`<br>• ${escaped} |`);
  });

  it("has one heading of the first level and ends in one line break", () => {
    const page = renderPage(rows);
    expect(page.match(/^# /gm)).toHaveLength(1);
    expect(page).toMatch(/[^\n]\n$/);
  });
});
