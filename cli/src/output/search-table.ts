/** Search results as a table: rank, score, public name, first sentence; the words of the query are marked on a terminal. */
import type { Screen } from "../io.ts";
import type { FoundTool, FoundTools } from "../rest.ts";
import { highlight, readQueryWords } from "./highlight.ts";
import { drawScore, formatScore } from "./score.ts";
import { layOut } from "./table.ts";
import { cutTo, measureWidth, toOneLine } from "./width.ts";

const countFormat = new Intl.NumberFormat("en");
const barCells = 8;
const leastSentence = 24;

/** The lines of the table. On a terminal each result takes one line; elsewhere nothing is cut. */
export function formatResults(query: string, found: FoundTools, screen: Screen): string[] {
  const { paint } = screen;
  const words = readQueryWords(query);
  const mark = (text: string): string => (paint.isColored ? highlight(text, words, paint.match) : text);
  const nameWidth = Math.max(0, ...found.tools.map((tool) => measureWidth(tool.name)));
  const before = 5 + barCells + 7 + nameWidth + 2;
  const columns = screen.columns();
  const room = columns === undefined ? undefined : Math.max(leastSentence, columns - before - 1);
  const rows = found.tools.map((tool, index) => {
    const sentence = describeTool(tool);
    return [
      String(index + 1).padStart(3),
      `${paint.good(drawScore(tool.score, barCells))} ${formatScore(tool.score)}`,
      mark(tool.name),
      mark(room === undefined ? sentence : cutTo(sentence, room)),
    ];
  });
  return [...layOut(rows), ...formatHints(found, screen), ...formatTokens(found, screen)];
}

function describeTool(tool: FoundTool): string {
  const sentence = readFirstSentence(toOneLine(tool.description));
  return tool.state === undefined ? sentence : `(${tool.state.toLowerCase()}) ${sentence}`;
}

function formatHints({ hint, suggestions }: FoundTools, { paint }: Screen): string[] {
  const lines = [
    ...(hint === undefined ? [] : [toOneLine(hint)]),
    ...(suggestions.length === 0 ? [] : [`Did you mean: ${suggestions.map(toOneLine).join(", ")}`]),
  ];
  return lines.map((line) => paint.faint(`     ${line}`));
}

/** What a model reads of this, against a list of everything. Nothing is said where nothing was found. */
function formatTokens({ tools, tokens }: FoundTools, { paint }: Screen): string[] {
  if (tokens === undefined || tools.length === 0) return [];
  const { returned, all } = tokens;
  const saved = all > returned ? ` instead of ${countFormat.format(all)} for all tools` : "";
  return [paint.faint(`     ${countFormat.format(returned)} tokens${saved}`)];
}

/** Up to the first full stop that ends a sentence; abbreviations such as "e.g." do not. */
export function readFirstSentence(text: string): string {
  return /^.*?(?<!\b(?:e\.g|i\.e|etc|vs))[.!?](?=\s|$)/.exec(text)?.[0] ?? text;
}
