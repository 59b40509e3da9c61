/** Rows of a label and a text: texts stand under each other, also where a narrow terminal breaks them. */
import { padTo, wrapTo } from "./width.ts";

/** Where rows stand. `columns`: of the terminal, undefined where the text goes elsewhere: then nothing is broken. */
export interface RowLayout {
  readonly indent: number;
  readonly labelWidth: number;
  readonly columns: number | undefined;
}

const leastRoom = 24;

/** Lays rows out, without line ends. A label that is empty goes on with the row above. */
export function formatRows(
  rows: readonly (readonly [label: string, text: string])[],
  { indent, columns, labelWidth }: RowLayout,
): readonly string[] {
  const start = indent + labelWidth + 2;
  return rows.flatMap(([label, text]) => {
    const lines = columns === undefined ? [text] : wrapTo(text, Math.max(leastRoom, columns - start));
    return lines.map((line, index) =>
      `${" ".repeat(indent)}${padTo(index === 0 ? label : "", labelWidth)}  ${line}`.trimEnd(),
    );
  });
}
