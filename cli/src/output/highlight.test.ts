import { describe, expect, it } from "vitest";
import { highlight, readQueryWords } from "./highlight.ts";

const mark = (text: string, query: string): string => highlight(text, readQueryWords(query), (word) => `<${word}>`);

describe("highlight", () => {
  it("marks whole words in any case, also inside names", () => {
    expect(mark("files__read_text_file: Read it", "read")).toBe("files__<read>_text_file: <Read> it");
  });

  it("marks words that share a long enough beginning", () => {
    expect(mark("Lists files; filing", "file list")).toBe("<Lists> <files>; filing");
    expect(mark("reading list", "read")).toBe("<reading> list");
  });

  it("does not mark what merely begins alike", () => {
    expect(mark("a reader's readiness, at all", "read a")).toBe("a <reader>'s readiness, at all");
    expect(mark("opinion", "op")).toBe("opinion");
  });

  it("reads words of any script, each once", () => {
    expect(readQueryWords("Öffne öffne die Datei! 日本 a")).toEqual(["öffne", "die", "datei", "日本"]);
  });
});
