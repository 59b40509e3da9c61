/** Aligned columns without rules or frames: two blanks between columns, nothing behind the last. */
import { measureWidth, padTo } from "./width.ts";

/**
 * Lays out rows of cells. Shape: one string per row without line end; cells may hold colour codes.
 * The last cell of a row takes all the room it needs and widens no column. `widths` fixes the width of columns by index;
 * others are as wide as their widest cell.
 */
export function layOut(rows: readonly (readonly string[])[], widths: readonly (number | undefined)[] = []): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const actual = Array.from(
    { length: columns },
    (_, index) => widths[index] ?? Math.max(0, ...rows.map((row) => paddedWidth(row, index))),
  );
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : padTo(cell, actual[index] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

function paddedWidth(row: readonly string[], index: number): number {
  return index < row.length - 1 ? measureWidth(row[index] ?? "") : 0;
}
