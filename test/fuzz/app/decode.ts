/** Reads JSON as decoders do that differ from JSON.parse: all members of an object stay, in their order, repeated ones too. */

/** A decoded value. A scalar is what JSON.parse makes of it. */
export type Loose =
  | { readonly members: readonly (readonly [key: string, value: Loose])[] }
  | { readonly elements: readonly Loose[] }
  | { readonly scalar: unknown };

/** Reads text that JSON.parse accepts; on other text the outcome is undefined or it throws. */
export function decodeLoosely(text: string): Loose {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/gs) ?? [];
  let at = 0;
  const next = (): string => tokens[at++] ?? "";
  const isAt = (token: string): boolean => tokens[at] === token;
  const readList = <T>(close: string, read: () => T): T[] => {
    const items: T[] = [];
    while (!isAt(close) && at < tokens.length) {
      items.push(read());
      if (isAt(",")) at++;
    }
    at++;
    return items;
  };
  const readMember = (): readonly [string, Loose] => {
    const key = String(JSON.parse(next()));
    at++;
    return [key, readValue()];
  };
  const readValue = (): Loose => {
    const token = next();
    if (token === "{") return { members: readList("}", readMember) };
    if (token === "[") return { elements: readList("]", readValue) };
    return { scalar: JSON.parse(token) as unknown };
  };
  return readValue();
}

/** Folds as Go's encoding/json does: simple case folding, in which U+017F is an s and U+212A a k. */
const fold = (key: string): string => key.toLowerCase().replaceAll("\u017f", "s").replaceAll("\u212a", "k");

/** Every value that some decoder may take for a key: the first, the last, and any of those that differ in case only. */
export function readAlternatives(value: Loose | undefined, key: string): readonly Loose[] {
  if (value === undefined || !("members" in value)) return [];
  return value.members.filter(([name]) => fold(name) === fold(key)).map(([, member]) => member);
}

/** The texts among decoded values. */
export const textsOf = (values: readonly Loose[]): readonly string[] =>
  values.flatMap((value) => ("scalar" in value && typeof value.scalar === "string" ? [value.scalar] : []));
