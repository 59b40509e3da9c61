/** What a run has found so far: rows and figures by case, and how the bars stand after one try or two. Pure. */
import type { Figure } from "../stats/rounds.ts";
import { judgeFigure, judgeTries, type Bar, type Verdict } from "../stats/verdict.ts";
import type { CaseResult, ResultRow } from "./plan.ts";

/** A bar with the case that has to be measured again where it is not met. */
export interface CaseBar extends Bar {
  readonly case: string;
  /** The number of streams that it is about, where it is about one. */
  readonly streams?: number;
}

/** A bar with its last figure and what is said of it. */
export interface JudgedBar {
  readonly bar: CaseBar;
  readonly figure: Figure | undefined;
  readonly verdict: Verdict;
}

/** Everything that a run found. */
export interface BenchReport {
  /** Those of a second try stand behind those of the first, and say so. */
  readonly rows: readonly ResultRow[];
  readonly figures: Readonly<Record<string, Figure>>;
  /** Bars of the cases that were run, and no others. */
  readonly bars: readonly JudgedBar[];
  readonly notes: readonly string[];
  /** Names of the cases that could not be measured; the notes say why. */
  readonly failed: readonly string[];
  /** How many cases have had a try. */
  readonly measured: number;
}

/** Collects results. */
export interface Tally {
  /** Adds what one try of a case found. Gives the bars of this try. */
  readonly add: (caseName: string, result: CaseResult) => readonly JudgedBar[];
  /** The bars of a case that no try has met. */
  readonly unmet: (caseName: string) => readonly CaseBar[];
  /** What has been found, of the cases that were added. */
  readonly report: () => BenchReport;
}

/** Creates an empty tally. */
export function createTally(bars: readonly CaseBar[]): Tally {
  const results = new Map<string, CaseResult[]>();
  const figures: Record<string, Figure> = {};
  const tries = new Map<CaseBar, Verdict[]>(bars.map((bar) => [bar, []]));
  const isMet = (bar: CaseBar): boolean => tries.get(bar)?.includes("met") ?? false;
  const barsOf = (caseName: string): readonly CaseBar[] => bars.filter((bar) => bar.case === caseName);
  return {
    add: (caseName, result) => {
      const before = results.get(caseName) ?? [];
      results.set(caseName, [...before, result]);
      // What has met its bar stands with the figure that met it.
      const settled = new Set(bars.filter(isMet).map(({ figure }) => figure));
      for (const [name, figure] of Object.entries(result.figures)) if (!settled.has(name)) figures[name] = figure;
      const due = barsOf(caseName).filter((bar) => !isMet(bar));
      return due.map((bar) => {
        const figure = result.figures[bar.figure];
        const verdict = judgeFigure(bar, figure);
        tries.get(bar)?.push(verdict);
        return { bar, figure, verdict };
      });
    },
    unmet: (caseName) => barsOf(caseName).filter((bar) => !isMet(bar)),
    report: () => {
      const found = [...results];
      return {
        rows: found.flatMap(([, [first, ...again]]) => [
          ...(first?.rows ?? []),
          ...again.flatMap(({ rows }) => rows).map((row) => ({ ...row, isAgain: true as const })),
        ]),
        figures: { ...figures },
        bars: bars
          .filter((bar) => results.has(bar.case))
          .map((bar) => ({ bar, figure: figures[bar.figure], verdict: judgeTries(tries.get(bar) ?? []) })),
        notes: found.flatMap(([, all]) => all.flatMap(({ notes }) => notes)),
        measured: found.length,
        failed: found.filter(([, all]) => all.every(isEmpty)).map(([name]) => name),
      };
    },
  };
}

const isEmpty = ({ rows, figures }: CaseResult): boolean => rows.length + Object.keys(figures).length === 0;
