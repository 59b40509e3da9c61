import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLexicon } from "./lexicon.ts";
import { stopWords } from "./stopwords.ts";
import { createStemmer, splitWords, stem, tokenize } from "./tokens.ts";

describe("tokenize", () => {
  it.each([
    ["createPullRequest", ["creat", "pull", "request"]],
    ["HTTPServerError", ["http", "server", "error"]],
    ["list_issues-v2.json", ["list", "issu", "2", "json", "v2"]],
    ["upload to S3 with OAuth2", ["upload", "3", "auth", "2", "s3", "auth2"]],
    ["Café naïve", ["cafe", "naiv"]],
    ["straße", ["straße"]],
    ["天気予報", ["天", "天気", "気", "気予", "予", "予報", "報"]],
    ["api接口v2", ["api", "接", "接口", "口", "2", "v2"]],
    ["날씨", ["날", "날씨", "씨"]],
    ["погода сегодня", ["погода", "сегодня"]],
    ["טקסט", ["טקסט"]],
    ["１２３ ＡＢＣ", ["123", "abc"]],
    ["de\u200blete fi\u00adle \u202eabc\u202c", ["delet", "file", "abc"]],
    ["SELECT * FROM x; DROP TABLE y --", ["select", "drop", "tabl"]],
  ])("splits %j", (text, expected) => {
    expect(tokenize(text)).toEqual(expected);
  });

  it.each(["", "   ", "?!.,", "x", "👍🎉", "\u0000\u0007", "the of and with"])("finds nothing in %j", (text) => {
    expect(tokenize(text)).toEqual([]);
  });

  it("never fails, and gives the same words with remembered stems, whatever the text", () => {
    const remembering = createStemmer();
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        expect(tokenize(text, remembering)).toEqual(tokenize(text));
      }),
    );
  });

  it("finds the same words in a text whether or not another script stands beside it", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "B", "c", "1", "_", " ", "D", "e"), maxLength: 20 }),
        (text) => {
          expect(tokenize(`${text} 天`)).toEqual(expect.arrayContaining(tokenize(text)));
        },
      ),
    );
  });

  it("reads long runs in linear time and keeps only their beginning", () => {
    expect(tokenize("a".repeat(200_000))).toEqual(["a".repeat(40)]);
    expect(tokenize("a1".repeat(100_000)).every((term) => term.length <= 40)).toBe(true);
  });
});

describe("splitWords", () => {
  it("keeps words as they are written", () => {
    expect(splitWords("getPullRequests_by_user")).toEqual(["get", "pull", "requests", "by", "user"]);
  });
});

describe("createLexicon", () => {
  const lexicon = createLexicon();

  it("works both ways and never names a word as its own stand-in", () => {
    for (const [member, others] of lexicon) {
      expect(others).not.toContain(member);
      expect(new Set(others).size).toBe(others.length);
      for (const other of others) expect(lexicon.get(other)).toContain(member);
    }
  });

  it("holds no word that the index drops", () => {
    const dropped = new Set([...stopWords].map(stem));
    expect([...lexicon.keys()].filter((word) => dropped.has(word))).toEqual([]);
  });

  it("knows near-equal operation words", () => {
    expect(lexicon.get(stem("delete"))).toEqual(expect.arrayContaining([stem("remove"), stem("drop")]));
    expect(lexicon.get(stem("ticket"))).toContain(stem("issue"));
  });
});
