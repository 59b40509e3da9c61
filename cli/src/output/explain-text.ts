/** Explanations of injection for people: a headline for each object, rows below it, and how many of each outcome there were. */
import { nameObject } from "../explain/explain.ts";
import type { Action, Explanation } from "../explain/explanation.ts";
import { tallyActions } from "../explain/tally.ts";
import { dimLabels, listInjectionRows, listSettingRows, under, type Row } from "./explain-injection.ts";
import type { Paint } from "./paint.ts";
import { toOneLine } from "./width.ts";
import { formatRows } from "./rows.ts";

/** How it is shown. `columns`: of the terminal, undefined where the text goes elsewhere. */
export interface TextOptions {
  readonly paint: Paint;
  readonly columns: number | undefined;
}

const labelWidth = 9;

/** Formats the explanations of a file, with line ends. */
export function formatExplanations(explanations: readonly Explanation[], options: TextOptions): string {
  const blocks = explanations.map((explanation) => formatExplanation(explanation, [], options));
  return [...blocks, formatTally(explanations, options.paint)].join("\n");
}

/** Formats one explanation with further rows behind its own. */
export function formatExplanation(
  explanation: Explanation,
  more: readonly Row[],
  { paint, columns }: TextOptions,
): string {
  const rows = [...listRows(explanation, paint), ...more];
  const lines = formatRows(dimLabels(rows, paint), { indent: 4, labelWidth, columns });
  return `${[formatHeadline(explanation, paint), ...lines].join("\n")}\n`;
}

const words: Readonly<Record<Action, string>> = {
  inject: "injected",
  skip: "left alone",
  deny: "refused",
  pass: "no pod",
};
const signs: Readonly<Record<Action, string>> = { inject: "✓", skip: "i", deny: "✗", pass: "·" };

function formatHeadline({ object, decision }: Explanation, paint: Paint): string {
  const brush = brushOf(decision.action, paint);
  const said = decision.reason === "AlreadyInjected" ? "injected already" : words[decision.action];
  // What holds no pod may have no namespace either.
  const place = decision.action === "pass" ? "" : ` in namespace ${toOneLine(object.namespace)}`;
  const what = `${paint.name(toOneLine(nameObject(object)))}${place}`;
  return `${brush(signs[decision.action])} ${what}: ${brush(said)} ${paint.faint(`[${decision.reason}]`)}`;
}

function brushOf(action: Action, paint: Paint): (text: string) => string {
  switch (action) {
    case "inject":
      return paint.good;
    case "deny":
      return paint.bad;
    case "skip":
      return paint.warn;
    case "pass":
      return paint.faint;
  }
}

function listRows(explanation: Explanation, paint: Paint): readonly Row[] {
  const { decision, call, problems, warnings, injection, policy, settings } = explanation;
  if (decision.action === "pass") return warnings.map(({ text }) => ["warning", toOneLine(text)]);
  const row = decision.row === undefined ? "" : `row ${decision.row}: `;
  const code = decision.code === undefined ? "" : ` The API server answers with ${decision.code}.`;
  const chosen = settings.filter(({ from }) => from !== "default");
  return [
    ...listRequestRows(explanation),
    ["why", `${row}${decision.sentence}${code}`],
    ...listCallRows(call, paint),
    ...problems.flatMap(({ text, reason, fix }): readonly Row[] => [
      [paint.bad("problem"), `${toOneLine(text)} ${paint.faint(`[${reason}]`)}`],
      ["fix", fix],
    ]),
    ...(injection === undefined ? [] : listInjectionRows(injection, paint)),
    ...listSettingRows("policy", policy, paint),
    ...listSettingRows("settings", chosen, paint),
    ...warnings.map(({ text, reason }): Row => [
      paint.warn("warning"),
      `${toOneLine(text)} ${paint.faint(`[${reason}]`)}`,
    ]),
  ];
}

function listRequestRows({ review }: Explanation): readonly Row[] {
  if (review === undefined) return [];
  const { operation, kind, subResource, userGroups, dryRun } = review;
  const what = subResource === "" ? kind : `${kind}/${subResource}`;
  const by = userGroups.length === 0 ? "" : ` by a user of ${userGroups.join(", ")}`;
  return [["request", toOneLine(`${operation} of ${what}${by}${dryRun ? ", as a dry run" : ""}`)]];
}

function listCallRows({ called, entry, path, why }: Explanation["call"], paint: Paint): readonly Row[] {
  if (called) return [["asked", `by ${paint.name(entry ?? "")} (${path ?? ""})`]];
  return under("not asked", why.map(toOneLine));
}

function formatTally(explanations: readonly Explanation[], paint: Paint): string {
  const counts = tallyActions(explanations);
  const parts = (["inject", "skip", "deny", "pass"] as const)
    .filter((action) => counts[action] > 0)
    .map((action) => brushOf(action, paint)(`${counts[action]} ${words[action]}`));
  return parts.length === 0 ? "Nothing to explain: no objects.\n" : `${parts.join(", ")}.\n`;
}
