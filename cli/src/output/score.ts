/** A score from 0 to 1 as a bar and a number, in a fixed number of columns. */

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** The bar: `cells` columns wide, filled to the eighth of a column. */
export function drawScore(score: number, cells: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, score)) * cells * 8);
  const bar = "█".repeat(Math.floor(filled / 8)) + (eighths[filled % 8] ?? "");
  return bar.padEnd(cells);
}

/** The number, with two decimals. */
export function formatScore(score: number): string {
  return score.toFixed(2);
}
