/** What log lines say of an object: its name, never its content. */
import { readObject, readText } from "../inject/read/json.ts";

/** Longer names can't be stored. */
const maxNameLength = 253;

/** The name, or the beginning of the name that the API server will make; undefined where there is neither. */
export function describeForLog(object: unknown): string | undefined {
  const metadata = readObject(object, "metadata");
  return (readText(metadata, "name") || readText(metadata, "generateName"))?.slice(0, maxNameLength);
}
