/** Reads members of raw JSON without trusting its shape. Own members only; null counts as absent; nothing is ever written. */

/** A JSON object as it came from the wire. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** True for JSON objects, false for null and lists. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The member of an object, or undefined where it is absent or null. */
export function readMember(object: unknown, key: string): unknown {
  if (!isObject(object) || !Object.hasOwn(object, key)) return undefined;
  return object[key] ?? undefined;
}

/** The member if it is an object, else an empty one. */
export function readObject(object: unknown, key: string): JsonObject {
  const value = readMember(object, key);
  return isObject(value) ? value : {};
}

/** The member if it is a list, else an empty one. */
export function readList(object: unknown, key: string): readonly unknown[] {
  const value = readMember(object, key);
  return Array.isArray(value) ? value : [];
}

/** The member if it is a string. */
export function readText(object: unknown, key: string): string | undefined {
  const value = readMember(object, key);
  return typeof value === "string" ? value : undefined;
}

/** The member if it is a whole number that JSON can hold exactly. */
export function readInteger(object: unknown, key: string): number | undefined {
  const value = readMember(object, key);
  return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
}

/** Parses a text that ought to hold a JSON object; undefined where it does not. */
export function parseObject(text: string | undefined): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
