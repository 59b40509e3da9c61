/** The page of `outrigger explain` shows the decision table as it is: every reason in its row, and no other. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { denialRows, outcomeRows } from "./table.ts";

it("shows every reason of the decision table in its row", () => {
  const page = readFileSync(new URL("../../../docs/reference/explain.md", import.meta.url), "utf8");
  const shown = [...page.matchAll(/^\| (\d+[a-z]?) +\|.*\| ((?:`\w+`(?:, )?)+) +\|$/gm)].flatMap(
    ([, row = "", list = ""]) => [...list.matchAll(/`(\w+)`/g)].map(([, reason = ""]) => `${row} ${reason}`),
  );
  const known = Object.entries({ ...outcomeRows, ...denialRows }).map(([reason, { row }]) => `${row} ${reason}`);
  expect(shown.toSorted()).toEqual(known.toSorted());
});
