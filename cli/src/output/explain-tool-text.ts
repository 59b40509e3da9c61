/** The explanation of a tool for people, and as JSON. Pure. */
import type { FeedLimit } from "@outrigger/api/feed";
import type { RankFacts, TermScore } from "../explain/tool/ask-aggregator.ts";
import type { ToolVerdict } from "../explain/tool/judge-tool.ts";
import type { ToolExplanation, ToolOutcome } from "../explain/tool/tool-explanation.ts";
import { dimLabels, under, type Row } from "./explain-injection.ts";
import type { TextOptions } from "./explain-text.ts";
import type { Paint } from "./paint.ts";
import { toOneLine } from "./width.ts";
import { formatRows } from "./rows.ts";

const labelWidth = 10;
const signs: Readonly<Record<ToolOutcome, string>> = {
  listed: "✓",
  hidden: "✗",
  refused: "✗",
  missing: "✗",
  unknown: "?",
};
const words: Readonly<Record<ToolOutcome, string>> = {
  listed: "listed and callable",
  hidden: "hidden",
  refused: "listed, and this call refused",
  missing: "not in the catalogue",
  unknown: "not known",
};

/** The text, with line ends. */
export function formatToolExplanation(explanation: ToolExplanation, { paint, columns }: TextOptions): string {
  const { name, outcome, reason } = explanation;
  const brush = outcome === "listed" ? paint.good : outcome === "unknown" ? paint.warn : paint.bad;
  // Without a catalogue nobody knows whether the server has it.
  const said = outcome === "listed" && explanation.catalogue === undefined ? "allowed" : words[outcome];
  const head = `${brush(signs[outcome])} ${paint.name(toOneLine(name))}: ${brush(said)} ${paint.faint(`[${reason}]`)}`;
  const rows = dimLabels(listRows(explanation, paint), paint);
  return `${[head, ...formatRows(rows, { indent: 4, labelWidth, columns })].join("\n")}\n`;
}

/** The document; member names are public. `ok` is what exit code 0 says. */
export function formatToolJson(explanation: ToolExplanation): string {
  return `${JSON.stringify({ ok: explanation.outcome === "listed", ...explanation }, null, 2)}\n`;
}

function listRows(explanation: ToolExplanation, paint: Paint): readonly Row[] {
  const { sentence, caller, policyOf, verdict, nearest, rank, notes } = explanation;
  return [
    ["why", sentence],
    ...listPlace(explanation),
    ["caller", toOneLine(caller)],
    ...(policyOf === undefined ? [] : [["policy", policyOf] as const]),
    ...(verdict === undefined ? [] : listVerdict(verdict)),
    ...(nearest.length === 0 ? [] : [["nearest", nearest.map(toOneLine).join(", ")] as const]),
    ...(rank === undefined ? [] : listRank(rank)),
    ...notes.map((note): Row => [paint.warn("note"), toOneLine(note)]),
  ];
}

function listPlace({ namespace, server, tool, catalogue }: ToolExplanation): readonly Row[] {
  const place = server === undefined ? undefined : [namespace, server].filter((each) => each !== undefined).join("/");
  const known = catalogue?.server;
  const state =
    catalogue === undefined
      ? []
      : known === undefined
        ? ["the aggregator knows no such server: it has no pod with the sidecar, or its namespace is not watched"]
        : [
            `${known.state} [${known.reason}], ${known.tools} tools listed${known.state === "Ready" ? "" : `: ${toOneLine(known.message)}`}`,
          ];
  return [
    ...(place === undefined
      ? []
      : [["server", `${place}${tool === undefined ? "" : `, where the tool is ${toOneLine(tool)}`}`] as const]),
    ...under("catalogue", state),
  ];
}

function listVerdict({ causes, limits, bounds, arguments: judged, onTrial, action }: ToolVerdict): readonly Row[] {
  const decided = causes.map(({ origin, text }) => `${origin}: ${toOneLine(text)}`);
  const usual = action === "allow" ? ["no layer says anything of it, and none denies by default"] : [];
  return [
    ...under("decided by", decided.length === 0 ? usual : decided),
    ...(judged === undefined
      ? []
      : [["arguments", `${judged.action}${judged.text === undefined ? "" : `: ${toOneLine(judged.text)}`}`] as const]),
    ...under("limits", limits.length === 0 ? ["none"] : limits.map(describeLimit)),
    ["sizes", describeBounds(bounds)],
    ...(onTrial === undefined ? [] : [["on trial", `layers in audit mode would refuse it [${onTrial}]`] as const]),
  ];
}

function describeBounds({ maxRequestBytes, maxResponseBytes, maxDurationMs }: ToolVerdict["bounds"]): string {
  const time = maxDurationMs === undefined ? "" : `, ${maxDurationMs / 1_000} s for a whole call`;
  return `request ${formatBytes(maxRequestBytes)}, answer ${formatBytes(maxResponseBytes)}${time}`;
}

/** In the largest unit that shows it as a whole number. */
function formatBytes(bytes: number): string {
  if (bytes % 1_048_576 === 0) return `${bytes / 1_048_576} MiB`;
  return bytes % 1_024 === 0 ? `${bytes / 1_024} KiB` : `${bytes} bytes`;
}

function describeLimit({ name, rate, burst, maxConcurrency, per }: FeedLimit): string {
  const amounts = [
    ...(rate === undefined ? [] : [`${rate}${burst === undefined ? "" : `, ${burst} at once`}`]),
    ...(maxConcurrency === undefined ? [] : [`${maxConcurrency} under way`]),
  ];
  const shared = per.length === 0 ? "all calls together" : `for each ${per.join(" and ").toLowerCase()}`;
  return `${name}: ${amounts.join("; ")}, ${shared}`;
}

function listRank({ query, rank, of, score, raw, best, exact, terms, absent }: RankFacts): readonly Row[] {
  const place =
    rank === undefined
      ? `not found: none of its words stands in it (${of} tools were)`
      : `${rank} of ${of}, score ${score.toFixed(2)}`;
  const how = exact
    ? ", since it is named"
    : rank === undefined
      ? ""
      : ` (${raw.toFixed(2)} of the best one's ${best.toFixed(2)})`;
  return [
    ["query", JSON.stringify(query)],
    ["rank", `${place}${how}`],
    ...under("words", terms.map(describeTerm)),
    ...(absent.length === 0 ? [] : [["without", absent.map(toOneLine).join(", ")] as const]),
  ];
}

const fieldWords: Readonly<Record<string, string>> = {
  name: "its name",
  desc: "its description",
  server: "the server's name",
  sdesc: "the server's description",
  pname: "names of arguments",
  pdesc: "texts of arguments",
};

function describeTerm({ term, for: word, score, fields }: TermScore): string {
  const stands = word === undefined ? "" : ` for ${toOneLine(word)}`;
  const parts = fields
    .toSorted((a, b) => b.score - a.score)
    .map((part) => `${fieldWords[part.field] ?? part.field} ${part.score.toFixed(2)}`);
  return `${toOneLine(term)}${stands} ${score.toFixed(2)}: ${parts.join(", ")}`;
}
