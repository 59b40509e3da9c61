/** Joins rows and titles: which capability is shown by which tests, and which numbers are wrong. Writes no text of the page. */
import type { NumberedTitle } from "./collect.ts";
import type { Row } from "./rows.ts";

/** A test that shows a capability. `conditional`: it runs only where its condition holds. */
export interface Proof {
  readonly file: string;
  readonly title: string;
  readonly conditional: boolean;
}

/** A row with the tests that show it, ordered by file and then as in the file, each file and title once. */
export interface AssessedRow {
  readonly row: Row;
  readonly proofs: readonly Proof[];
}

/** A number that must not stand where it stands. `message` is one line with file, line, number and what is wrong. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly number: string;
  readonly message: string;
}

/** All rows assessed, in their order, or every problem, ordered by file and line. */
export type Assessment =
  | { readonly ok: true; readonly value: readonly AssessedRow[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Decides which rows are shown.
 * Errors: a number without a row, a number on a test that never runs, a number of a row that is left out on purpose.
 */
export function assessRows(rows: readonly Row[], titles: readonly NumberedTitle[]): Assessment {
  const rowById = new Map(rows.map((row) => [row.id, row]));
  const ordered = titles.toSorted((a, b) => compareText(a.file, b.file) || a.line - b.line);
  const problems = ordered.flatMap((title) => findProblems(title, rowById));
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: rows.map((row) => ({ row, proofs: listProofs(row.id, ordered) })) };
}

function findProblems(title: NumberedTitle, rowById: ReadonlyMap<string, Row>): readonly Problem[] {
  const { file, line, run } = title;
  return title.numbers.flatMap((number) => {
    const fault = findFault(rowById.get(number), run);
    return fault ? [{ file, line, number, message: `${file}:${line}: ${number} ${fault}` }] : [];
  });
}

function findFault(row: Row | undefined, run: NumberedTitle["run"]): string | undefined {
  if (!row) return "is not a number of docs/features/rows.json";
  if (run.kind === "Never") return `stands on ${run.why}`;
  return row.leftOut === undefined
    ? undefined
    : "is left out on purpose in docs/features/rows.json, so no test may claim it";
}

function listProofs(id: string, ordered: readonly NumberedTitle[]): readonly Proof[] {
  const proofs = ordered
    .filter((title) => title.numbers.includes(id))
    .map(({ file, title, run }) => ({ file, title, conditional: run.kind === "Sometimes" }));
  return proofs.filter(
    (proof, index) => proofs.findIndex((other) => other.file === proof.file && other.title === proof.title) === index,
  );
}

/** By code unit, so that the order does not depend on the language of the machine. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
