/** Shows what the page says of a run. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { expectedOfAggregator } from "./expected.ts";
import { pageFile, renderPage } from "./page.ts";

it("has a row for each revision, a dash where nothing was run, and every difference that is meant", () => {
  const rows = [
    { version: "v1", direct: 3, sidecar: 3, policy: 2, total: 4, lost: ["a:b"] },
    { version: "v1 client", direct: 2, sidecar: 2, policy: null, total: 2, lost: [] },
  ];
  const page = renderPage(rows, new Map([["v1", "1.0"]]), { v1: { "a:b": "Because." } });
  expect(page).toContain("| v1            | 1.0   | 3 of 4   | 3 of 4     | 2 of 4             |");
  expect(page).toContain("| v1 client     |       | 2 of 2   | 2 of 2     | -                  |");
  expect(page).toContain("- v1, `a:b`: Because.");
});

it("says on the committed page all differences that the run expects", () => {
  const page = readFileSync(pageFile, "utf8");
  for (const [version, names] of Object.entries(expectedOfAggregator)) {
    for (const [name, why] of Object.entries(names)) expect(page).toContain(`- ${version}, \`${name}\`: ${why}`);
  }
});
