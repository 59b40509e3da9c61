/** JSON pointers (RFC 6901) as policies name fields by. One addition: `*` stands for every element of a list. */

/** A pointer as it was written, and its reference tokens with the escapes taken out. */
export interface Pointer {
  readonly text: string;
  readonly tokens: readonly string[];
}

/** Reads a pointer of 1 to 32 tokens; undefined where it is none. The empty pointer is refused: it would name the whole result. */
export function parsePointer(text: string): Pointer | undefined {
  if (!/^(\/([^~/]|~[01])*){1,32}$/.test(text) || text.length > 512) return undefined;
  const tokens = text
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
  return { text, tokens };
}
