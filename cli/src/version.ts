/** The version of the command, read where it is written. */
import { readFileSync } from "node:fs";

/** The version in our own package.json, beside src and dist alike. */
export function readVersion(): string {
  // Our own file, written by us.
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return manifest.version;
}
