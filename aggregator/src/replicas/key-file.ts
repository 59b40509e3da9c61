/**
 * The file with the keys that seal: which one seals (the first) and which ones open (all). Read again while the program runs; a file that is
 * broken or gone leaves the keys of before in force.
 */
import { readFile } from "node:fs/promises";
import { createSealKey, minKeyBytes, type SealKey } from "./seal.ts";

/** Keys, newest first; at least one. */
export type SealKeys = readonly [SealKey, ...SealKey[]];

/** The keys of a text, or what is wrong with it. */
export type ReadKeys =
  { readonly ok: true; readonly keys: SealKeys } | { readonly ok: false; readonly problem: string };

const maxKeys = 8;

/** Reads the text of a key file: one key per line, base64 of 32 bytes or more; empty lines and those with `#` in front are left out. Pure. */
export function parseKeys(text: string): ReadKeys {
  const keys: SealKey[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const secret = /^[A-Za-z0-9+/_-]+={0,2}$/.test(line) ? Buffer.from(line, "base64") : Buffer.alloc(0);
    if (secret.length < minKeyBytes) {
      return { ok: false, problem: `line ${index + 1} is not the base64 of at least ${minKeyBytes} bytes` };
    }
    keys.push(createSealKey(secret));
  }
  const [first, ...others] = keys;
  if (first === undefined) return { ok: false, problem: "it holds no key" };
  if (keys.length > maxKeys) return { ok: false, problem: `it holds more than ${maxKeys} keys` };
  return { ok: true, keys: [first, ...others] };
}

/** The keys in force, and how to stop following their file. */
export interface FollowedKeys {
  readonly keys: () => SealKeys;
  readonly stop: () => Promise<void>;
}

/** What is told of the file. `onChange`: other keys are in force. `onProblem`: once for each new problem. */
export interface KeyFileOptions {
  readonly path: string;
  readonly onChange: (count: number) => void;
  readonly onProblem: (problem: string) => void;
  /** How often it is read, ms; default 2 s. */
  readonly pollMs?: number;
}

/** Follows a key file. Errors: rejects with a message for people where it can't be read at first. */
export async function followKeyFile({
  path,
  onChange,
  onProblem,
  pollMs = 2_000,
}: KeyFileOptions): Promise<FollowedKeys> {
  const first = await readKeys(path);
  if (!first.ok) throw new Error(`${path}: ${first.problem}.`);
  let { keys } = first;
  let lastProblem = "";
  let reading = Promise.resolve();
  const look = async (): Promise<void> => {
    const read = await readKeys(path);
    const problem = read.ok ? "" : `${path}: ${read.problem}`;
    if (problem !== "" && problem !== lastProblem) onProblem(problem);
    lastProblem = problem;
    if (!read.ok || nameKeys(read.keys) === nameKeys(keys)) return;
    keys = read.keys;
    onChange(keys.length);
  };
  const timer = setInterval(() => {
    reading = reading.then(look);
  }, pollMs).unref();
  return {
    keys: () => keys,
    stop: async () => {
      clearInterval(timer);
      await reading;
    },
  };
}

async function readKeys(path: string): Promise<ReadKeys> {
  try {
    return parseKeys(await readFile(path, "utf8"));
  } catch (error) {
    return { ok: false, problem: `it can't be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}

const nameKeys = (keys: SealKeys): string => keys.map(({ id }) => id.toString("hex")).join(" ");
