/**
 * Tells of a run while it goes on: on a terminal one line that changes, with a line for each case that has ended; elsewhere a line as
 * each case begins and one as it ends. Below each ended case stand its bars with what was measured.
 */
import type { ProgressOutput } from "../../cluster/progress.ts";
import type { Attempt, Outcome, RunListener } from "../run-cases.ts";
import { createForecast, formatLeft, formatSeconds } from "./forecast.ts";
import { formatBar, formatFigure, unitOf } from "./tables.ts";

/** Where it is told. `columns`: width of the terminal. */
export interface BenchOutput extends ProgressOutput {
  readonly columns: number;
}

const clear = "\r\u001b[K";
const usualColumns = 80;

/** What tells of one run. */
export interface BenchProgress extends RunListener {
  /** Takes the line that changes away, for what comes behind it. */
  readonly clear: () => void;
}

/** Creates what tells of one run. `nowMs`: a clock that only goes forward. */
export function createBenchProgress(output: BenchOutput, nowMs: () => number): BenchProgress {
  const forecast = createForecast();
  let [at, count, beganMs] = [0, 0, nowMs()];
  let current: Attempt | undefined;
  const spent = (): number => (nowMs() - beganMs) / 1_000;
  const left = (): string =>
    formatLeft(forecast.left(current?.expectedSeconds ?? 0, current === undefined ? 0 : spent()));
  const line = (text: string): void => void output.write(`${output.isTerminal ? clear : ""}${text}\n`);
  const change = (text: string): void => {
    if (output.isTerminal) output.write(`${clear}${text.slice(0, width - 1)}`);
  };
  // A terminal that does not know its width says 0.
  const width = output.columns > 0 ? output.columns : usualColumns;
  const place = (): string => `${String(at).padStart(String(count).length)} of ${count}`;
  return {
    clear: () => {
      if (output.isTerminal) output.write(clear);
    },
    onTries: (attempts) => {
      [at, count] = [0, attempts.length];
      for (const { expectedSeconds } of attempts) forecast.expect(expectedSeconds);
      if (attempts[0]?.isAgain === true) line(`second tries: ${attempts.map(({ name }) => name).join(", ")}`);
    },
    onBegin: (attempt) => {
      at++;
      [current, beganMs] = [attempt, nowMs()];
      if (output.isTerminal) change(`case ${place()}, ${attempt.name}, ${left()}`);
      else line(`[${place()}] ${attempt.name} begins, ${left()}`);
    },
    onProgress: (text) => change(current === undefined ? text : `case ${place()}, ${text}, ${left()}`),
    onEnd: (attempt, outcome) => {
      line(`[${place()}] ${attempt.name} took ${formatSeconds(spent())}`);
      for (const each of describeOutcome(attempt, outcome)) line(`    ${each}`);
      forecast.settle(attempt.expectedSeconds, spent());
      current = undefined;
    },
  };
}

function describeOutcome({ isAgain }: Attempt, { result, bars, isTriedAgain }: Outcome): readonly string[] {
  const judged = bars.map(({ bar, figure, verdict }) => {
    const found = figure === undefined ? "not measured" : formatFigure(figure, bar.unit);
    const rest = verdict === "met" || isAgain || !isTriedAgain ? "" : ", is tried again";
    return `${bar.id} ${bar.question}: ${found}, bar ${formatBar(bar)}, ${verdict}${rest}`;
  });
  const others = Object.entries(result.figures).map(
    ([name, figure]) => `${name}: ${formatFigure(figure, unitOf(name))}`,
  );
  return [...(bars.length === 0 ? others : judged), ...result.notes];
}
