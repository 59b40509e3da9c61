/** What is said about an object before its pods are there: a decision as it would be, and lines for whoever applies it. */
import type { Reason } from "@outrigger/api/reasons";
import type { DenyReason, InjectReason, SkipReason, Warning } from "../inject/outcome.ts";
import { toPrintable } from "../inject/read/printable.ts";

/** One line: what is wrong or worth knowing. */
export interface Line {
  readonly reason: Reason;
  readonly text: string;
}

/** What would happen to pods, and what there is to say about it. */
export type Remarks = (
  | { readonly action: "skip"; readonly reason: SkipReason | "NamespaceNotSynced" }
  | { readonly action: "inject"; readonly reason: InjectReason }
  | { readonly action: "deny"; readonly reason: DenyReason }
) & {
  /** What stands above the lines; undefined where nothing is refused. */
  readonly headline?: string;
  readonly lines: readonly (Line | Warning)[];
};

/** What is said about an object that has nothing to do with us, or has not changed. */
export const silence: Remarks = { action: "skip", reason: "NotApplicable", lines: [] };

/** API servers may cut longer warnings, and drop all that is behind 4 KiB. */
const maxLength = 120;
const maxLines = 20;
/** What takes more lines than this is cut: the rest of it is in what `outrigger explain` says. */
const maxPieces = 3;

/** The lines as API servers pass them on: short, few, without anything that can't be seen. */
export function toWarnings({ headline, lines }: Pick<Remarks, "headline" | "lines">): readonly string[] {
  const pieces = lines.map(({ reason, text }) => wrap(toPrintable(text), `[${reason}]`));
  const fitting = pieces.filter((_, index) => pieces.slice(0, index + 1).flat().length <= maxLines);
  const rest = pieces.length - fitting.length;
  const head = headline === undefined ? [] : wrap(toPrintable(headline), "").slice(0, 1);
  return [...head, ...fitting.flat(), ...(rest > 0 ? [`and ${rest} more: see outrigger explain`] : [])];
}

/** One line, or a few where it is too long, broken between words; `end` stands whole on the last. */
function wrap(text: string, end: string): readonly string[] {
  const pieces: string[] = [];
  let rest = `${text} ${end}`.trim();
  while (rest.length > maxLength && pieces.length < maxPieces - 1) {
    const space = rest.lastIndexOf(" ", maxLength);
    const at = space > maxLength / 2 ? space : maxLength;
    pieces.push(rest.slice(0, at));
    rest = `  ${rest.slice(at).trimStart()}`;
  }
  return [...pieces, rest.length > maxLength ? `${rest.slice(0, maxLength - end.length - 4)}... ${end}` : rest];
}
