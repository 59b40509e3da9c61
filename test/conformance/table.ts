/** The report for people: one aligned line per version, lost scenarios below each other in the last column. */
import type { Row } from "./compare.ts";

/**
 * Returns the table as lines joined by newlines, without one at the end. `suiteVersions` is keyed by the rows' versions; `between` names what
 * stood between client and server in the last two runs.
 */
export function renderTable(
  rows: readonly Row[],
  suiteVersions: ReadonlyMap<string, string>,
  between: readonly [string, string] = ["sidecar", "policy"],
): string {
  const lines = [
    ["specification", "suite", "direct", ...between, "lost"],
    ...rows.flatMap((row) => renderRow(row, suiteVersions.get(row.version) ?? "")),
  ];
  const widths = lines.reduce<number[]>(
    (most, cells) => cells.map((cell, i) => Math.max(cell.length, most[i] ?? 0)),
    [],
  );
  return lines
    .map((cells) => cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  "))
    .map((line) => line.trimEnd())
    .join("\n");
}

function renderRow(row: Row, suiteVersion: string): string[][] {
  const [firstLost = row.sidecar === null ? "-" : "none", ...moreLost] = row.lost;
  const counts = [row.direct, row.sidecar, row.policy].map((count) => (count === null ? "-" : `${count}/${row.total}`));
  return [[row.version, suiteVersion, ...counts, firstLost], ...moreLost.map((name) => ["", "", "", "", "", name])];
}
