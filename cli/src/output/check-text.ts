/** The findings of `outrigger check` for people: a sign, a word and one line each; below it what it is about and what to do. */
import type { Release } from "../check/facts.ts";
import { count, tally, type Finding, type Level } from "../check/finding.ts";
import type { Paint } from "./paint.ts";
import { padTo, toOneLine, wrapTo } from "./width.ts";

/** What stands above the findings. */
export interface CheckHead {
  readonly address: string;
  readonly release: Release | undefined;
}

const signs: Readonly<Record<Level, string>> = { ok: "✓", note: "i", warning: "!", problem: "✗", unknown: "?" };
const levelWidth = 9;
const areaWidth = 13;
/** Of the objects of one finding; JSON has them all. */
const mostObjects = 20;

/** How it is written. `columns` of the terminal; undefined where the text goes to a file or a pipe, and nothing is wrapped. */
export interface CheckStyle {
  readonly paint: Paint;
  readonly columns: number | undefined;
}

/** The whole report, with its line ends. */
export function formatCheck({ address, release }: CheckHead, findings: readonly Finding[], style: CheckStyle): string {
  const { paint } = style;
  const what = release === undefined ? "Outrigger" : `Outrigger ${release.version} in namespace ${release.namespace}`;
  const lines = [
    `${paint.title(what)}, seen through ${address}`,
    "",
    ...findings.flatMap((finding) => formatFinding(finding, style)),
    "",
    formatTally(findings, paint),
  ];
  return `${lines.join("\n")}\n`;
}

/** Columns before a message: two blanks, the sign, a blank, level and area. */
const head = 4 + levelWidth + areaWidth;
/** On a terminal that is narrower, what stands below a message begins further left. */
const narrow = 100;

function formatFinding(
  { area, level, message, objects = [], next = "" }: Finding,
  style: CheckStyle,
): readonly string[] {
  const { paint, columns = Number.POSITIVE_INFINITY } = style;
  const brush = brushOf(level, paint);
  const indent = columns < narrow ? 6 : head;
  const below = (text: string): readonly string[] => indentBy(indent, wrapTo(text, columns - indent - 2), 2);
  const [first = "", ...more] = wrapTo(toOneLine(message), columns - head);
  const todo = next.split("\n").filter((line) => line !== "");
  return [
    `  ${brush(signs[level])} ${brush(padTo(level, levelWidth))}${padTo(area, areaWidth)}${first}`,
    ...more.map((line) => `${" ".repeat(head)}${line}`),
    ...objects.slice(0, mostObjects).flatMap((line) => below(toOneLine(line))),
    ...tellRest(objects.length - mostObjects, indent),
    ...todo.slice(0, mostObjects).flatMap((line) => formatNext(toOneLine(line), { indent, style })),
    ...tellRest(todo.length - mostObjects, indent),
  ];
}

function tellRest(rest: number, indent: number): readonly string[] {
  return rest > 0 ? [`${" ".repeat(indent)}and ${rest} more: see --json`] : [];
}

const isCommand = /^(kubectl|helm|outrigger) /;

/** A command stays on one line, however long: it is there to be copied. */
function formatNext(
  line: string,
  { indent, style }: { readonly indent: number; readonly style: CheckStyle },
): readonly string[] {
  const { paint, columns = Number.POSITIVE_INFINITY } = style;
  const lines = isCommand.test(line) ? [line] : wrapTo(line, columns - indent - 4);
  const [first = "", ...more] = lines;
  return [`${" ".repeat(indent)}${paint.faint("do:")} ${first}`, ...indentBy(indent + 4, more, 0)];
}

/** The first line less than those that go on. */
function indentBy(indent: number, lines: readonly string[], hanging: number): readonly string[] {
  return lines.map((line, index) => `${" ".repeat(indent + (index === 0 ? 0 : hanging))}${line}`);
}

function brushOf(level: Level, paint: Paint): (text: string) => string {
  switch (level) {
    case "ok":
      return paint.good;
    case "note":
      return paint.name;
    case "warning":
    case "unknown":
      return paint.warn;
    case "problem":
      return paint.bad;
  }
}

function formatTally(findings: readonly Finding[], paint: Paint): string {
  const { problem, warning, unknown } = tally(findings);
  const parts = [
    ...(problem > 0 ? [paint.bad(count(problem, "problem"))] : []),
    ...(warning > 0 ? [paint.warn(count(warning, "warning"))] : []),
    ...(unknown > 0 ? [paint.warn(`${unknown} not looked at`)] : []),
  ];
  return parts.length === 0 ? paint.good("All is well.") : `${parts.join(", ")}.`;
}
