/** How a text is written: line ends, the step of its indentation, whether it is all on one line. Read from the text itself; pure. */
import type { Document } from "yaml";

/** The text, as it is and with its comments blanked, and its habits. */
export interface TextStyle {
  readonly text: string;
  readonly blanked: string;
  readonly document: Document;
  readonly isJson: boolean;
  readonly lineEnd: "\n" | "\r\n";
  /** What one step is indented by. */
  readonly step: string;
  /** Whether the text has one line alone. */
  readonly isCompact: boolean;
}

/** Reads the habits. */
export function readStyle(of: Pick<TextStyle, "text" | "blanked" | "document" | "isJson">): TextStyle {
  const { text } = of;
  return {
    ...of,
    lineEnd: text.includes("\r\n") ? "\r\n" : "\n",
    step: /^(?:\t|[ ]+)(?=\S)/m.exec(of.blanked)?.[0] ?? "  ",
    isCompact: !text.trim().includes("\n"),
  };
}

/** The blanks with which the line begins that holds this place. */
export function indentAt({ text }: TextStyle, offset: number): string {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? "";
}
