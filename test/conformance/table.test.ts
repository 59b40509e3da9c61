/** Shows the report as people see it. */
import { expect, it } from "vitest";
import { renderTable } from "./table.ts";

it("aligns the columns and puts each lost scenario on its own line", () => {
  const rows = [
    { version: "legacy", direct: 32, sidecar: 32, policy: 31, total: 32, lost: ["ping (policy)"] },
    { version: "2026-07-28", direct: 37, sidecar: 35, policy: 35, total: 37, lost: ["caching", "tools-list"] },
  ];
  const suiteVersions = new Map([
    ["legacy", "0.1.16"],
    ["2026-07-28", "0.2.0-alpha.12"],
  ]);
  expect(renderTable(rows, suiteVersions)).toBe(
    [
      "specification  suite           direct  sidecar  policy  lost",
      "legacy         0.1.16          32/32   32/32    31/32   ping (policy)",
      "2026-07-28     0.2.0-alpha.12  37/37   35/37    35/37   caching",
      "                                                        tools-list",
    ].join("\n"),
  );
});

it("shows a dash for a half that was not run", () => {
  const rows = [{ version: "legacy", direct: 31, sidecar: null, policy: null, total: 32, lost: [] }];
  expect(renderTable(rows, new Map([["legacy", "0.1.16"]])).split("\n")[1]).toBe(
    "legacy         0.1.16  31/32   -        -       -",
  );
});
