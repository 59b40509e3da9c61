/** A file whose content may change while the program runs: the last good content stays in force. */
import { readFileSync } from "node:fs";

/** Outcome of reading content. */
export type ParsedContent<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** How a file is read. `pollMs` also finds changes behind symbolic links, as ConfigMaps are mounted. */
export interface WatchedFileOptions<T> {
  readonly path: string;
  readonly parse: (text: string) => ParsedContent<T>;
  readonly pollMs: number;
  /** Told of new content that was taken. */
  readonly onChange: (value: T) => void;
  /** Told once of new content that was refused. */
  readonly onProblem: (problem: string) => void;
}

/** The content in force. */
export interface WatchedFile<T> {
  readonly current: () => T;
  readonly close: () => void;
}

/** Reads the file and keeps reading it. Without good content at the start there is nothing to keep. */
export function watchFile<T>(
  options: WatchedFileOptions<T>,
): { readonly ok: true; readonly file: WatchedFile<T> } | { readonly ok: false; readonly problem: string } {
  let seen = readText(options.path);
  const first = seen.ok ? options.parse(seen.value) : seen;
  if (!first.ok) return { ok: false, problem: `${options.path}: ${first.problem}` };
  let held = first.value;
  const refresh = (): void => {
    const text = readText(options.path);
    if (isSameText(text, seen)) return;
    seen = text;
    const parsed = text.ok ? options.parse(text.value) : text;
    if (!parsed.ok) {
      options.onProblem(`${options.path}: ${parsed.problem}`);
      return;
    }
    held = parsed.value;
    options.onChange(held);
  };
  const timer = setInterval(refresh, options.pollMs);
  timer.unref();
  return { ok: true, file: { current: () => held, close: () => clearInterval(timer) } };
}

function readText(path: string): ParsedContent<string> {
  try {
    return { ok: true, value: readFileSync(path, "utf8") };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

function isSameText(a: ParsedContent<string>, b: ParsedContent<string>): boolean {
  return a.ok && b.ok ? a.value === b.value : !a.ok && !b.ok && a.problem === b.problem;
}
