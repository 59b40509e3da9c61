/** Marks the words of a query in a text, also where only their beginnings agree (`file` in `files`, `reading` for `read`). */

const shortestStem = 4;

/** Words of a query that are worth marking: letters and digits, two or more, lower case, each once. */
export function readQueryWords(query: string): string[] {
  return [...new Set(query.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? [])];
}

/** Returns the text with each matching word passed through `mark`. Words end at anything but letters and digits. */
export function highlight(text: string, words: readonly string[], mark: (word: string) => string): string {
  return text.replace(/[\p{L}\p{N}]+/gu, (word) =>
    words.some((wanted) => agrees(word.toLowerCase(), wanted)) ? mark(word) : word,
  );
}

function agrees(word: string, wanted: string): boolean {
  if (word === wanted) return true;
  const [short, long] = word.length < wanted.length ? [word, wanted] : [wanted, word];
  return short.length >= shortestStem && long.startsWith(short) && long.length - short.length <= 3;
}
