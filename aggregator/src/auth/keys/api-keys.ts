/**
 * Whose an API key is: its sha256 against those of a file that is read again whenever it changes. Every comparison takes the same time. A file
 * that can't be read any more leaves the keys of before, and says so.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { isApiKey, readApiKeys, type ApiKeyEntry } from "@outrigger/api/api-key";
import { watchFile, type ParsedContent } from "@outrigger/runtime/watched-file";
import type { Principal } from "../principal.ts";

/** The keys of a file. */
export interface ApiKeys {
  /** Who holds a key; undefined for one that nobody holds. */
  readonly holderOf: (key: string) => Principal | undefined;
  readonly close: () => void;
}

/** Where the file is, and who hears of one that can't be used. */
export interface ApiKeysOptions {
  readonly path: string;
  readonly onProblem: (problem: string) => void;
  readonly onChange: (count: number) => void;
}

const pollMs = 1_000;

/** Opens it. Errors: throws where there is no file that can be used, since then nobody could be identified. */
export function openApiKeys({ path, onProblem, onChange }: ApiKeysOptions): ApiKeys {
  const onKeys = (keys: readonly ApiKeyEntry[]): void => onChange(keys.length);
  const opened = watchFile({ path, parse, pollMs, onChange: onKeys, onProblem });
  if (!opened.ok) throw new Error(`the file of API keys can't be used: ${opened.problem}`);
  return { holderOf: (key) => findHolder(opened.file.current(), key), close: opened.file.close };
}

function parse(text: string): ParsedContent<readonly ApiKeyEntry[]> {
  const read = readApiKeys(text);
  return read.ok ? { ok: true, value: read.keys } : { ok: false, problem: read.problems.join("; ") };
}

/** The holder among these. Pure. */
export function findHolder(keys: readonly ApiKeyEntry[], key: string): Principal | undefined {
  if (!isApiKey(key)) return undefined;
  const hash = createHash("sha256").update(key).digest();
  const [found] = keys.filter((entry) => timingSafeEqual(Buffer.from(entry.hash, "hex"), hash));
  return found && { kind: "User", name: `key:${found.name}`, groups: found.groups, claims: {} };
}
