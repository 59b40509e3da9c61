/** What differs between two texts, by lines: what goes, what comes, and the line on either side. Pure. */
import type { Paint } from "./paint.ts";

/** A line that stays, goes or comes. `number`: in the new text, for one that goes in the old one; from 1. */
interface DiffLine {
  readonly sign: " " | "-" | "+";
  readonly number: number;
  readonly text: string;
}

/** Lines around a change that are shown with it. More would show what else the file holds, tokens for instance. */
const around = 1;
/** Of one line: a file may be all on one. */
const mostChars = 160;

/** Writes it, without a line end behind the last line; empty where nothing differs. */
export function formatDiff(before: string, after: string, paint: Paint): readonly string[] {
  const lines = compare(splitLines(before), splitLines(after));
  const changed = lines.flatMap(({ sign }, at) => (sign === " " ? [] : [at]));
  const isShown = (at: number): boolean => changed.some((each) => Math.abs(each - at) <= around);
  const width = String(lines.at(-1)?.number ?? 1).length;
  return lines.flatMap((line, at) => {
    if (!isShown(at)) return [];
    const gap = at > 0 && !isShown(at - 1) && changed.some((each) => each < at) ? [paint.faint("  …")] : [];
    return [...gap, formatLine(line, width, paint)];
  });
}

function splitLines(text: string): readonly string[] {
  return text === "" ? [] : text.replace(/\r?\n$/, "").split(/\r?\n/);
}

function formatLine({ sign, number, text }: DiffLine, width: number, paint: Paint): string {
  const cut = text.length > mostChars ? `${text.slice(0, mostChars)} …` : text;
  const line = `  ${String(number).padStart(width)} ${sign} ${cut}`.trimEnd();
  return sign === " " ? paint.faint(line) : sign === "+" ? paint.good(line) : paint.bad(line);
}

/** Equal lines at both ends stay; between them everything goes and comes but for the longest run of equal lines, again and again. */
function compare(before: readonly string[], after: readonly string[], at = { before: 1, after: 1 }): DiffLine[] {
  const head = countEqual(before, after);
  const tail = countEqual(before.slice(head).toReversed(), after.slice(head).toReversed());
  const stays = (lines: readonly string[], from: number): DiffLine[] =>
    lines.map((text, index) => ({ sign: " ", number: from + index, text }));
  const [gone, come] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)];
  return [
    ...stays(after.slice(0, head), at.after),
    ...compareMiddle(gone, come, { before: at.before + head, after: at.after + head }),
    ...stays(after.slice(after.length - tail), at.after + after.length - tail),
  ];
}

function compareMiddle(
  gone: readonly string[],
  come: readonly string[],
  at: { readonly before: number; readonly after: number },
): DiffLine[] {
  const run = findLongestRun(gone, come);
  if (run === undefined) {
    return [
      ...gone.map((text, index): DiffLine => ({ sign: "-", number: at.before + index, text })),
      ...come.map((text, index): DiffLine => ({ sign: "+", number: at.after + index, text })),
    ];
  }
  const next = { before: at.before + run.gone, after: at.after + run.come };
  return [
    ...compare(gone.slice(0, run.gone), come.slice(0, run.come), at),
    ...compare(gone.slice(run.gone), come.slice(run.come), next),
  ];
}

/** Where the longest run of lines begins that both have; undefined where they share none. */
function findLongestRun(
  gone: readonly string[],
  come: readonly string[],
): { readonly gone: number; readonly come: number } | undefined {
  let best = { gone: 0, come: 0, length: 0 };
  let above: number[] = [];
  for (const [row, text] of gone.entries()) {
    const lengths = come.map((other, column) => (other === text ? (above[column - 1] ?? 0) + 1 : 0));
    for (const [column, length] of lengths.entries())
      if (length > best.length) best = { gone: row - length + 1, come: column - length + 1, length };
    above = lengths;
  }
  return best.length === 0 ? undefined : best;
}

function countEqual(a: readonly string[], b: readonly string[]): number {
  const differs = a.findIndex((line, at) => line !== b[at]);
  return differs < 0 ? a.length : differs;
}
