/**
 * Decides what a word is: splits identifiers, folds case and accents, drops stop words, stems. The first stage of both
 * indexing and querying, so that the two always agree; which fields are read is decided in `fields.ts`.
 */
import { stemmer } from "stemmer";
import { stopWords } from "./stopwords.ts";

// CJK ideographs, kana and hangul: written without spaces, so every character is a word of its own.
const cjk = "\\u3400-\\u9fff\\u3040-\\u30ff\\uac00-\\ud7af";
const anyRuns = new RegExp(`[${cjk}]+|(?:(?![${cjk}])\\p{L})+|\\p{Nd}+`, "gu");
const cjkRun = new RegExp(`^[${cjk}]`);
const asciiRuns = /[a-z]+|[0-9]+/g;
const joinedRuns = /[a-z0-9]+/g;
const longestJoined = 12;
// Longer "words" are data. Cutting them bounds what one word can cost in stemming and in memory.
const longestWord = 40;

// Controls, format characters (zero width, bidirectional, tags), surrogates, private use: no reader sees them.
const invisible = /(?![\t\n\r])\p{C}/gu;
const visibleAscii = /^[\t\n\r -~]*$/;

/** Text made comparable, and whether it holds nothing but ASCII. */
interface Folded {
  readonly text: string;
  readonly isAscii: boolean;
}

/** The words of a text as written (folded, unstemmed), in order: runs of letters, runs of digits, runs of CJK. */
export function splitWords(text: string): readonly string[] {
  return matchRuns(fold(text));
}

/**
 * The index terms of a text, with repeats: stems of words that are not stop words, digits, CJK characters and pairs, then
 * joined letter-digit forms of up to 12 characters (`s3`, `oauth2`). Single Latin letters are dropped. `stemWord` is for
 * callers that remember stems. Cost: linear; about 5 us per 100 characters.
 * Source: stems by Porter, "An algorithm for suffix stripping", 1980.
 */
export function tokenize(text: string, stemWord = stem): string[] {
  const folded = fold(text);
  const terms: string[] = [];
  for (const run of matchRuns(folded)) {
    if (!folded.isAscii && cjkRun.test(run)) pushCjk(run, terms);
    else if (!stopWords.has(run) && !isLetter(run)) terms.push(stemWord(run));
  }
  return [...terms, ...findJoinedForms(folded)];
}

/** The stem of one folded word; words of up to 3 letters and of other scripts stay as they are. Reads 40 characters. */
export function stem(word: string): string {
  const read = word.slice(0, longestWord);
  return read.length > 3 && /^[a-z]+$/.test(read) ? stemmer(read) : read;
}

/** A {@link stem} that remembers: for texts of one subject, whose words come again. Let go of it with the work. */
export function createStemmer(): (word: string) => string {
  const stems = new Map<string, string>();
  return (word) => {
    const known = stems.get(word);
    if (known !== undefined) return known;
    const found = stem(word);
    stems.set(word, found);
    return found;
  };
}

/** Removes invisible characters, splits camel case, lower-cases, folds width and accents. */
function fold(text: string): Folded {
  const isAscii = visibleAscii.test(text);
  const visible = isAscii ? text : text.replace(invisible, "");
  const split = visible
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .toLowerCase();
  if (isAscii) return { text: split, isAscii };
  // Recomposed at the end because decomposition takes hangul syllables apart.
  return {
    text: split
      .normalize("NFKD")
      .replace(/\p{M}+/gu, "")
      .normalize("NFC"),
    isAscii,
  };
}

function matchRuns({ text, isAscii }: Folded): readonly string[] {
  return text.match(isAscii ? asciiRuns : anyRuns) ?? [];
}

function findJoinedForms({ text }: Folded): readonly string[] {
  if (!/[0-9]/.test(text)) return [];
  const joined = text.match(joinedRuns) ?? [];
  return joined.filter((run) => run.length <= longestJoined && /[a-z]/.test(run) && /[0-9]/.test(run));
}

function isLetter(run: string): boolean {
  return run.length === 1 && run >= "a" && run <= "z";
}

function pushCjk(run: string, terms: string[]): void {
  const characters = Array.from(run);
  for (const [at, character] of characters.entries()) {
    terms.push(character);
    const next = characters[at + 1];
    if (next !== undefined) terms.push(character + next);
  }
}
