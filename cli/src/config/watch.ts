/**
 * Watches one file by asking for its state, which sees what editors do (write, replace, relink) on every system alike.
 * A change is told once the file stayed the same from one look to the next, so that nobody reads half of it.
 */
import { statSync } from "node:fs";

const lookEveryMs = 300;

/** Tells each change of a file, also that it vanished or came back. Returns the function that ends it. */
export function watchConfig(path: string, onChange: () => void): () => void {
  let told = describeFile(path);
  let before = told;
  const timer = setInterval(() => {
    const now = describeFile(path);
    const isSteady = now === before;
    before = now;
    if (!isSteady || now === told) return;
    told = now;
    onChange();
  }, lookEveryMs);
  return () => clearInterval(timer);
}

function describeFile(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? "absent" : `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
}
