/** The findings of `outrigger check` for people: a sign, a word and one line each; below it what it is about and what to do. */
import type { Release } from "../check/facts.ts";
import { count, tally, type Finding, type Level } from "../check/finding.ts";
import type { Paint } from "./paint.ts";
import { padTo, toOneLine } from "./width.ts";

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

/** The whole report, with its line ends. */
export function formatCheck({ address, release }: CheckHead, findings: readonly Finding[], paint: Paint): string {
  const what = release === undefined ? "Outrigger" : `Outrigger ${release.version} in namespace ${release.namespace}`;
  const lines = [
    `${paint.title(what)}, seen through ${address}`,
    "",
    ...findings.flatMap((finding) => formatFinding(finding, paint)),
    "",
    formatTally(findings, paint),
  ];
  return `${lines.join("\n")}\n`;
}

function formatFinding({ area, level, message, objects = [], next }: Finding, paint: Paint): readonly string[] {
  const brush = brushOf(level, paint);
  const indent = " ".repeat(4 + levelWidth + areaWidth);
  const shown = objects.slice(0, mostObjects).map((line) => `${indent}${toOneLine(line)}`);
  const rest = objects.length - shown.length;
  return [
    `  ${brush(signs[level])} ${brush(padTo(level, levelWidth))}${padTo(area, areaWidth)}${toOneLine(message)}`,
    ...shown,
    ...(rest > 0 ? [`${indent}and ${rest} more: see --json`] : []),
    ...(next === undefined ? [] : [`${indent}${paint.faint("do:")} ${toOneLine(next)}`]),
  ];
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
