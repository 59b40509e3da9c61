/** Reads the corpus: bodies, which are sent in a right request, and whole requests. The name of a file says what it is. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The corpus, in the order of its names. */
export interface Corpus {
  readonly bodies: readonly Buffer[];
  readonly requests: readonly Buffer[];
}

/** Reads all files. Throws where a folder is empty: a fuzzer without a corpus would say that all is well. */
export function readCorpus(): Corpus {
  return { bodies: readAll("bodies"), requests: readAll("requests") };
}

function readAll(folder: string): readonly Buffer[] {
  const path = join(import.meta.dirname, "..", "corpus", folder);
  const files = readdirSync(path).sort();
  if (files.length === 0) throw new Error(`the corpus has no ${folder}`);
  return files.map((file) => readFileSync(join(path, file)));
}
