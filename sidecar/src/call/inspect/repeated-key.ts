/**
 * Finds keys that stand twice in one object of a JSON text: decoders differ in which of the two they take. The text is known to be JSON.
 */

/** Strings and the signs that open and close objects and lists: all that tells keys apart. */
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gsu;

/** The first key that stands twice in one object; keys are the same where `fold` makes them the same. Cost: one pass. */
export function findRepeatedKey(json: string, fold: (key: string) => string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let last = "";
  for (const [token] of json.matchAll(tokens)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      // What stands before a colon is a key, and it is a string.
      const key = String(JSON.parse(last));
      if (isRepeated(open.at(-1), fold(key))) return key;
    }
    last = token;
  }
  return undefined;
}

function isRepeated(seen: Set<string> | undefined, key: string): boolean {
  if (seen?.has(key) === true) return true;
  seen?.add(key);
  return false;
}
