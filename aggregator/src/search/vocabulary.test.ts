import { describe, expect, it } from "vitest";
import { createVocabulary, findSimilarWords, internWord } from "./vocabulary.ts";

const vocabulary = createVocabulary();
const words = ["repositori", "repository", "report", "position", "deposit", "abcdex", "abcdey", "s3", "天気"];
const ids = words.map((word) => internWord(vocabulary, word));
const similarTo = (word: string, least = 0.4): readonly (string | undefined)[] =>
  findSimilarWords(vocabulary, word, least).map(({ id }) => vocabulary.words[id]);

describe("vocabulary", () => {
  it("gives a word one number for good", () => {
    expect(ids).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(words.map((word) => internWord(vocabulary, word))).toEqual(ids);
  });

  it("finds words spelled almost alike, the most alike first, equal ones by word", () => {
    expect(similarTo("repositry")).toEqual(["repository", "repositori"]);
    expect(similarTo("abcdez")).toEqual(["abcdex", "abcdey"]);
    expect(findSimilarWords(vocabulary, "report", 0.4)[0]).toEqual({ id: 2, likeness: 1 });
  });

  it("leaves short words, numbers and other scripts alone", () => {
    expect(["rep", "s3", "天気", ""].map((word) => similarTo(word, 0.01))).toEqual([[], [], [], []]);
  });
});
