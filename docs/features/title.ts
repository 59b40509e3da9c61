/**
 * What a test title says: the capability numbers it bears and the words that remain without them.
 * Does not know whether a number exists; that is decided in assess.ts.
 */

/** Stands in a title for a part that is known only when the test runs. */
export const runTimePart = "…";

const number = /(?<!\w)F-(?:\d\w*|…)/g;
const numberGroup = /[([]?(?<!\w)F-(?:\d\w*|…)(?:\s*(?:,|and|\/|&|\+)\s*F-(?:\d\w*|…))*[)\]]?\s*[:,;]?/g;
const placeholder = /%[sdifjoOc#$%]|\$[A-Za-z_#][\w.]*|\$\d+/g;

/**
 * Returns the capability numbers of a title, each once, in order of appearance.
 * Shape: anything that starts like a number counts (`F-7`, `F-048b`, a number built at run time), so that a slip of the pen
 * is found as an unknown number instead of being passed over.
 */
export function findNumbers(title: string): readonly string[] {
  return [...new Set(title.match(number) ?? [])];
}

/** Returns the title without its numbers and what joined them; a title of nothing but numbers stays as it is. */
export function cleanTitle(title: string): string {
  const words = title
    .replaceAll(numberGroup, " ")
    .replaceAll(/\s+/g, " ")
    .trim()
    .replace(/^[-–—:.]\s+/, "")
    .replaceAll(/ (?=[.,;:](?:\s|$))/g, "");
  return words === "" ? title.trim() : words;
}

/** Replaces the placeholders of a table title (`%s`, `$name`, as vitest documents them for `each`) by an ellipsis. */
export function fillPlaceholders(title: string): string {
  return title.replaceAll(placeholder, (found) => (found === "%%" ? "%" : runTimePart));
}
