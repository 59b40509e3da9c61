/** Reads rows and tests below a root and writes or compares docs/features.md there. Prints nothing and ends no process. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { assessRows } from "./assess.ts";
import { collectTitles } from "./collect.ts";
import { countRows, renderPage } from "./render.ts";
import { parseRows } from "./rows.ts";
import { listTestFiles } from "./test-files.ts";

const rowsFile = "docs/features/rows.json";
const pageFile = "docs/features.md";

/** `Write` refreshes the page; `Check` leaves it alone and fails when it differs. */
export type UpdateMode = "Write" | "Check";

/** What to tell the user, line by line. */
export type UpdateResult = { readonly ok: boolean; readonly lines: readonly string[] };

/**
 * Brings the page up to date with the tests, or says whether it is. With any problem the page stays untouched.
 * Errors: a faulty rows.json, every problem of `assessRows`, and in mode `Check` a page that differs or is missing.
 */
export function updatePage(root: string, mode: UpdateMode): UpdateResult {
  const rows = parseRows(readFileSync(join(root, rowsFile), "utf8"));
  if (!rows.ok) return { ok: false, lines: rows.errors.map((error) => `${rowsFile}: ${error}`) };
  const files = listTestFiles(root);
  const titles = files.flatMap((file) => collectTitles({ file, text: readFileSync(join(root, file), "utf8") }));
  const assessed = assessRows(rows.value, titles);
  if (!assessed.ok) return { ok: false, lines: assessed.problems.map((problem) => problem.message) };
  const { shown, open, leftOut } = countRows(assessed.value);
  const page = renderPage(assessed.value);
  if (mode === "Check" && page !== readPage(root)) {
    return {
      ok: false,
      lines: [`${pageFile} does not match the tests. Run "npm run features" and commit the result.`],
    };
  }
  if (mode === "Write") writeFileSync(join(root, pageFile), page);
  return {
    ok: true,
    lines: [`${pageFile}: ${shown} shown, ${open} open, ${leftOut} left out (${files.length} test files)`],
  };
}

function readPage(root: string): string | undefined {
  const path = join(root, pageFile);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}
