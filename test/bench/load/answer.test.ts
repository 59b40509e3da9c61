import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAnswerReader, type AnswerState } from "./answer.ts";

const withLength = (body: string, status = 200): string =>
  `HTTP/1.1 ${status} OK\r\nContent-Type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const inChunks = (...chunks: readonly string[]): string => {
  const body = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("");
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}0\r\n\r\n`;
};

/** Pushes the bytes in pieces that are cut at the given places. */
function readInPieces(text: string, cuts: readonly number[]): AnswerState[] {
  const reader = createAnswerReader("NEEDLE");
  const bytes = Buffer.from(text);
  const places = [...new Set(cuts.map((cut) => cut % bytes.length))].filter((cut) => cut > 0).sort((a, b) => a - b);
  const starts = [0, ...places];
  return starts.map((start, at) => reader.push(bytes.subarray(start, starts[at + 1] ?? bytes.length)));
}

describe("an answer", () => {
  it.each([
    ["a length", withLength('{"text":"some NEEDLE here"}')],
    ["chunks", inChunks("data: some NEEDLE", " here\n\n")],
  ])("with %s is whole with its last byte, however it is cut", (_with, text) => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 8 }), (cuts) => {
        const states = readInPieces(text, cuts);
        expect(states.at(-1)).toBe("whole");
        expect(states.slice(0, -1).every((state) => state === "open")).toBe(true);
      }),
    );
  });

  it("follows the one before on the same connection", () => {
    const reader = createAnswerReader("NEEDLE");
    for (const text of [withLength("NEEDLE"), inChunks("NEEDLE"), withLength("a NEEDLE")])
      expect(reader.push(Buffer.from(text))).toBe("whole");
  });

  it.each([
    ["another status", withLength("NEEDLE", 503), "503"],
    ["a body without what is expected", withLength("nothing"), "no NEEDLE"],
    ["more than its length", `${withLength("NEEDLE")}x`, "more than its length"],
    ["neither length nor chunks", "HTTP/1.1 200 OK\r\n\r\nNEEDLE", "HTTP/1.1 200 OK"],
  ])("with %s is wrong", (_with, text, why) => {
    const state = createAnswerReader("NEEDLE").push(Buffer.from(text));
    expect(state).toHaveProperty("wrong", expect.stringContaining(why));
  });
});
