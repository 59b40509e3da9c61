/** JSON Pointers of patch operations. Source: RFC 6901. */

/** The steps from a value to a part of it: keys of objects, places in lists. */
export type Tokens = readonly (string | number)[];

/** Writes a pointer from its tokens; `~` and `/` are escaped. */
export function toPointer(tokens: Tokens): string {
  return tokens.map((token) => `/${String(token).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The tokens of a pointer. */
export function parsePointer(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}
