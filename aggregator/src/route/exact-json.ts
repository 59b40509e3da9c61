/**
 * Parses JSON so that writing it again gives the same numbers. JavaScript rounds numbers beyond 2^53 and long fractions; what
 * a server or a caller wrote must pass unchanged, so such numbers are kept as they were spelled.
 */

/** Sixteen digits in a row are the least that a double can't hold exactly; anything shorter needs no second look. */
const mayLoseDigits = /[0-9.]{16}|[0-9][eE]/;

// Node 22 has both, the language library of TypeScript does not name them yet.
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const parseWithSource = JSON.parse as (text: string, reviver?: Reviver) => unknown;

/**
 * The value of a JSON text. Numbers that would change are opaque objects that `JSON.stringify` writes as they were.
 * Errors: throws SyntaxError as `JSON.parse` does. Cost: as `JSON.parse` for texts without long numbers.
 */
export function parseExact(text: string): unknown {
  if (!mayLoseDigits.test(text)) return JSON.parse(text);
  return parseWithSource(text, (_key, value, { source }) => {
    return typeof value === "number" && source !== undefined && !isSame(value, source) ? rawJSON(source) : value;
  });
}

/** True where the number is written back with the same digits, or with another spelling of exactly the same number. */
function isSame(value: number, source: string): boolean {
  const written = JSON.stringify(value);
  return written === source || (source.length < 16 && Number.isFinite(value) && value !== 0);
}
