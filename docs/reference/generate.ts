/**
 * Writes the reference pages from the tables of `packages/api`, so that a page can't say what the code does not.
 * `--check` writes nothing and fails where a page differs.
 */
import { readFile, writeFile } from "node:fs/promises";
import { pages } from "./pages.ts";

const isCheck = process.argv.includes("--check");
const stale: string[] = [];
for (const page of pages) {
  const url = new URL(page.file, import.meta.url);
  const before = await readFile(url, "utf8").catch(() => "");
  if (before === page.text) continue;
  stale.push(page.file);
  if (!isCheck) await writeFile(url, page.text);
}
if (isCheck && stale.length > 0) {
  console.error(`docs/reference is behind the code: ${stale.join(", ")}. Run: npm run docs`);
  process.exitCode = 1;
}
