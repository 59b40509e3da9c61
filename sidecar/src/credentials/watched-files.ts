/** Reads several files, wherever they stand, and tells when one of them has changed and stands still. What they hold is for whoever asks. */
import { basename, dirname, resolve } from "node:path";
import { readTexts, watchFolder, type FolderWatch, type WatchedFolder } from "../bundle/watch.ts";

/** Texts by absolute path; a file that can't be read has no entry. `unreadable`: why, without a word of the texts. */
export interface FileTexts {
  readonly texts: ReadonlyMap<string, string>;
  readonly unreadable: readonly string[];
}

/** Reads files by absolute path; those of one volume as they stood together. */
export async function readFiles(paths: readonly string[]): Promise<FileTexts> {
  const read = await Promise.all(foldersOf(paths).map(async (each) => ({ each, ...(await readTexts(each)) })));
  const texts = read.flatMap(({ each, texts: found }) =>
    [...found].map(([file, text]): [string, string] => [resolve(each.folder, file), text]),
  );
  return { texts: new Map(texts), unreadable: read.flatMap(({ unreadable }) => unreadable) };
}

/** Calls `onChange` when a file differs from what was read; one call at a time. */
export async function watchFiles(paths: readonly string[], onChange: () => Promise<void>): Promise<FolderWatch> {
  const watches = await Promise.all(
    foldersOf(paths).map(async (each) => watchFolder(each, (await readTexts(each)).texts, onChange)),
  );
  return {
    close: () => {
      for (const watch of watches) watch.close();
    },
  };
}

function foldersOf(paths: readonly string[]): readonly WatchedFolder[] {
  const folders = new Map<string, Set<string>>();
  for (const path of paths) {
    const files = folders.get(dirname(path)) ?? new Set();
    folders.set(dirname(path), files.add(basename(path)));
  }
  return [...folders].map(([folder, files]) => ({ folder, files: [...files] }));
}
