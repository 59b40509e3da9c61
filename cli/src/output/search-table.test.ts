import { describe, expect, it } from "vitest";
import { recordIo } from "../recorded-io.ts";
import type { FoundTools } from "../rest.ts";
import { measureWidth } from "./width.ts";
import { drawScore } from "./score.ts";
import { formatResults, readFirstSentence } from "./search-table.ts";

const found: FoundTools = {
  tools: [
    {
      name: "files__read_text_file",
      server: "files",
      description: "Read the complete contents of a file. More.",
      score: 0.912,
    },
    { name: "git__git_show", server: "git", description: "Show a commit", score: 0.25, state: "Dead" },
  ],
  confidence: "low",
  suggestions: ["files__read_file"],
  hint: "Name the system that you mean.",
  raw: {},
};

describe("formatResults", () => {
  it("shows rank, score as bar and number, public name and first sentence", () => {
    expect(formatResults("read a file", found, recordIo({}).io.out)).toEqual([
      "  1  ███████▎ 0.91  files__read_text_file  Read the complete contents of a file.",
      "  2  ██       0.25  git__git_show          (dead) Show a commit",
      "     Name the system that you mean.",
      "     Did you mean: files__read_file",
    ]);
  });

  it("says what a model reads of it, and what a list of all tools would take", () => {
    const lines = formatResults("x", { ...found, tokens: { returned: 812, all: 14_250 } }, recordIo({}).io.out);
    expect(lines.at(-1)).toBe("     812 tokens instead of 14,250 for all tools");
    const small = formatResults("x", { ...found, tokens: { returned: 90, all: 60 } }, recordIo({}).io.out);
    expect(small.at(-1)).toBe("     90 tokens");
  });

  it("marks the words of the query where there is colour", () => {
    const { io } = recordIo({ isColored: true });
    expect(formatResults("read", found, io.out)[0]).toContain(`${io.out.paint.match("Read")} the complete`);
  });

  it("keeps each result on one line of a terminal, and cuts nothing elsewhere", () => {
    const long = { ...found, tools: [{ ...found.tools[0]!, description: "word ".repeat(60) }] };
    const onTerminal = formatResults("x", long, recordIo({ columns: 80 }).io.out);
    expect(measureWidth(onTerminal[0]!)).toBeLessThan(80);
    expect(onTerminal[0]).toMatch(/…$/);
    expect(formatResults("x", long, recordIo({}).io.out)[0]).toContain(
      "word word word word word word word word word word word",
    );
  });
});

describe("drawScore", () => {
  it("fills to the eighth of a column and keeps its width", () => {
    expect([0, 0.5, 1, 2].map((score) => drawScore(score, 4))).toEqual(["    ", "██  ", "████", "████"]);
    expect(drawScore(1 / 32, 4)).toBe("▏   ");
  });
});

describe("readFirstSentence", () => {
  it("stops at the first full stop that ends a sentence", () => {
    expect(readFirstSentence("Reads v1.2 files, e.g. notes. Then more.")).toBe("Reads v1.2 files, e.g. notes.");
    expect(readFirstSentence("No end")).toBe("No end");
  });
});
