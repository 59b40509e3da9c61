/** Reads rows.json, the list of everything the product is to do. Decides its form only; the wording is checked by a test. */

/**
 * One capability. `sentence` is Markdown and says what a user gets.
 * Shape: `leftOut` is present where the capability is left out on purpose, and says why.
 */
export interface Row {
  readonly id: string;
  readonly section: string;
  readonly sentence: string;
  readonly leftOut?: string;
}

/** All rows in order, or every fault of the file, one sentence each. */
export type RowsResult =
  { readonly ok: true; readonly value: readonly Row[] } | { readonly ok: false; readonly errors: readonly string[] };

/**
 * Returns the rows of a JSON text.
 * Errors: not JSON, not an array, a missing, empty or unknown member, a number out of sequence (they run from F-001 without a
 * gap), a section that is left and entered again.
 */
export function parseRows(text: string): RowsResult {
  const parsed = parseJson(text);
  if (!Array.isArray(parsed)) return { ok: false, errors: ["rows.json is not a JSON array."] };
  const rows: readonly unknown[] = parsed;
  const errors = rows.flatMap((row, index) => checkRow(row, formatNumber(index + 1)));
  if (errors.length > 0) return { ok: false, errors };
  const value = rows.filter((row) => isRow(row));
  const torn = findTornSections(value);
  return torn.length > 0 ? { ok: false, errors: torn } : { ok: true, value };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The caller reports anything that is not an array in the same words.
    return undefined;
  }
}

function formatNumber(position: number): string {
  return `F-${String(position).padStart(3, "0")}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}

function isRow(value: unknown): value is Row {
  return isObject(value) && checkMembers(value).length === 0;
}

function checkRow(row: unknown, expected: string): readonly string[] {
  if (!isObject(row)) return [`${expected}: not an object.`];
  const faults = checkMembers(row).map((fault) => `${expected}: ${fault}`);
  return row["id"] === expected
    ? faults
    : [`${expected}: expected here, found ${JSON.stringify(row["id"])}.`, ...faults];
}

function checkMembers(row: Readonly<Record<string, unknown>>): readonly string[] {
  const { id, section, sentence, leftOut, ...unknown } = row;
  const missing = Object.entries({ id, section, sentence }).filter(([, value]) => !isText(value));
  return [
    ...missing.map(([name]) => `${name} is not a text.`),
    ...(leftOut === undefined || isText(leftOut) ? [] : ["leftOut is not a text."]),
    ...Object.keys(unknown).map((name) => `${name} is not a known member.`),
  ];
}

function findTornSections(rows: readonly Row[]): readonly string[] {
  const starts = rows.filter((row, index) => row.section !== rows[index - 1]?.section);
  return starts
    .filter((row, index) => starts.findIndex((other) => other.section === row.section) < index)
    .map((row) => `${row.id}: section "${row.section}" is entered a second time.`);
}
