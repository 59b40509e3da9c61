/** A file that is an input: opened once, read again when it changes. */
import type { ReloadSubject } from "../server/metrics.ts";
import { watchFile, type ParsedContent, type WatchedFile } from "@outrigger/runtime/watched-file";
import type { InputReports, Opened } from "./inputs.ts";

/** Opens a file that is read again when it changes. */
export function openFile<T>(
  file: {
    readonly path: string;
    readonly parse: (text: string) => ParsedContent<T>;
    readonly pollMs: number;
    readonly subject: ReloadSubject;
  },
  onReload: InputReports["onReload"],
): Opened<WatchedFile<T>["current"]> {
  const watched = watchFile({
    ...file,
    onChange: () => onReload(file.subject),
    onProblem: (problem) => onReload(file.subject, problem),
  });
  return watched.ok ? { ok: true, value: watched.file.current, close: watched.file.close } : watched;
}
