/** Reads the keys that may vouch for callers where no bundle names them: a file that is read once, at the start. */
import { readFile } from "node:fs/promises";
import { readJwks, type Jwks } from "@outrigger/runtime/jws";

/** What the settings say of it. `trustKeys`: set where bundles are taken, which name the keys themselves. */
export interface AssertionSettings {
  readonly assertionKeys: string | undefined;
  readonly trustKeys: unknown;
  readonly namespace: string | undefined;
}

/** The keys, or what is wrong with the settings. */
export type ReadKeys =
  { readonly ok: true; readonly keys: Jwks | undefined } | { readonly ok: false; readonly problems: readonly string[] };

/** Reads the file. Its text is never repeated in a message: it may hold the private halves by mistake. */
export async function readAssertionKeys({ assertionKeys, trustKeys, namespace }: AssertionSettings): Promise<ReadKeys> {
  if (assertionKeys === undefined) return { ok: true, keys: undefined };
  const problems: string[] = [];
  if (trustKeys !== undefined)
    problems.push("--assertion-keys and --trust-keys exclude each other: a bundle names them");
  if (namespace === undefined) problems.push("--assertion-keys needs --namespace: an assertion is meant for one");
  const keys = await readKeys(assertionKeys);
  if (typeof keys === "string") problems.push(`--assertion-keys: ${keys}`);
  return typeof keys === "string" || problems.length > 0 ? { ok: false, problems } : { ok: true, keys };
}

async function readKeys(file: string): Promise<Jwks | string> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    return `can't read ${file}: ${error instanceof Error ? error.message : String(error)}`;
  }
  return readJwks(parse(text)) ?? `${file}: expected a JWKS of public Ed25519 keys, each with a kid`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The reader refuses what is no set of keys.
    return undefined;
  }
}
