/** Reads and writes JSON without losing digits: numbers that a double can't hold go through as they were spelt. */

/** What V8 has beyond the types of this TypeScript (proposal "JSON.parse source text access", stage 4). */
interface ExactJson {
  readonly rawJSON: (text: string) => object;
  readonly isRawJSON: (value: unknown) => boolean;
  readonly parse: (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => unknown;
}
const exact = JSON as unknown as ExactJson;

/** Numbers that may lose something: sixteen digits in a row, or an exponent. Strings that look so only cost time. */
const mayLose = /[0-9.]{16}|[0-9][eE]/;

/** The value of a JSON text; undefined where it is none. Duplicate keys: the last one counts, and is all that is written again. */
export function parseExact(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: mayLose.test(text) ? exact.parse(text, keepSpelling) : JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function keepSpelling(_key: string, value: unknown, { source }: { source?: string }): unknown {
  const isExact = typeof value !== "number" || source === undefined || String(value) === source;
  return isExact ? value : exact.rawJSON(source);
}

/** Says whether a value is a number that is kept as it was spelt. */
export function isSpeltNumber(value: unknown): boolean {
  return exact.isRawJSON(value);
}
