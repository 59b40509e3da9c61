/** `npm run features`: writes docs/features.md from docs/features/rows.json and the test titles; with `--check` it only compares. */
import { fileURLToPath } from "node:url";

import { updatePage } from "./features/update-page.ts";

const [flag, ...rest] = process.argv.slice(2);
if ((flag !== undefined && flag !== "--check") || rest.length > 0) {
  console.error("Usage: npm run features [-- --check]");
  process.exitCode = 1;
} else {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const result = updatePage(root, flag === "--check" ? "Check" : "Write");
  const print = result.ok ? console.log : console.error;
  for (const line of result.lines) print(line);
  process.exitCode = result.ok ? 0 : 1;
}
