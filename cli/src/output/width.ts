/** Width of text on a terminal: colour codes take no room, wide characters take two columns. Cuts and pads by it. */
import { stripVTControlCharacters } from "node:util";

const wide =
  /\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60]/u;
/** In a split by it every second part is a code. */
const colorCode = /(\u001b\[[0-9;]*m)/;
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

const widthOf = (grapheme: string): number => (wide.test(grapheme) ? 2 : 1);

/** Columns that a text takes, colour codes left out. */
export function measureWidth(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (/^[ -~]*$/.test(plain)) return plain.length;
  return [...segmenter.segment(plain)].reduce((sum, { segment }) => sum + widthOf(segment), 0);
}

/** Fills a text with blanks up to a width; a longer text stays as it is. */
export function padTo(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - measureWidth(text)));
}

/** Cuts a text to a width, with an ellipsis where something is missing. Colour codes stay, those behind the cut too. */
export function cutTo(text: string, columns: number): string {
  if (measureWidth(text) <= columns) return text;
  let width = 0;
  let isCut = false;
  const cut = (part: string): string => {
    if (isCut) return "";
    let kept = "";
    for (const { segment } of segmenter.segment(part)) {
      isCut = width + widthOf(segment) > columns - 1;
      if (isCut) return `${kept.trimEnd()}…`;
      width += widthOf(segment);
      kept += segment;
    }
    return kept;
  };
  return text
    .split(colorCode)
    .map((part, index) => (index % 2 === 1 ? part : cut(part)))
    .join("");
}

/** Breaks a text between words into lines of at most a width; a word that is longer stands on a line of its own, whole. */
export function wrapTo(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && measureWidth(longer) > columns) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** Makes text of others safe to print on one line: control characters and escape codes go, white space becomes a blank. */
export function toOneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\s+/gu, " ")
    .replace(/[\p{Cc}\p{Cf}]/gu, "")
    .trim();
}
