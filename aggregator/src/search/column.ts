/**
 * One 32-bit number per document, to find the few with a given name without a map of all names. Decides how names become
 * numbers; two names may share one, so a find is always checked against the name itself.
 */

/** A number for a text. Source: FNV-1a, 32 bits, over UTF-16 units. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash | 0;
}

/** The documents of a column that hold a number and pass the check, in order. Cost: a native scan, 4 bytes a document. */
export function findInColumn(
  column: Int32Array,
  hash: number,
  isMeant: (document: number) => boolean,
): readonly number[] {
  const found: number[] = [];
  for (let at = column.indexOf(hash); at >= 0; at = column.indexOf(hash, at + 1)) if (isMeant(at)) found.push(at);
  return found;
}

/** Columns behind each other. */
export function joinColumns(columns: readonly Int32Array[]): Int32Array {
  const joined = new Int32Array(columns.reduce((sum, column) => sum + column.length, 0));
  let at = 0;
  for (const column of columns) {
    joined.set(column, at);
    at += column.length;
  }
  return joined;
}
