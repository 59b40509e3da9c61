import fc from "fast-check";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { toLine } from "./line.ts";

/** Splits like the line reader that splits in the most places. */
async function readLines(bytes: Buffer): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: Readable.from([bytes]), crlfDelay: Infinity })) lines.push(line);
  return lines;
}

describe("a line for a server", () => {
  it("holds exactly one message for every line reader, whatever the message and its white space", async () => {
    const message = fc.tuple(fc.jsonValue(), fc.constantFrom(undefined, "\t", "  ", "\r\n")).map(([value, indent]) => ({
      value,
      text: JSON.stringify({ value }, undefined, indent).replaceAll("\\u2028", "\u2028"),
    }));
    await fc.assert(
      fc.asyncProperty(message, async ({ value, text }) => {
        const lines = await readLines(toLine(Buffer.from(text)));
        expect(lines).toHaveLength(1);
        expect(JSON.parse(lines[0] ?? "")).toEqual(JSON.parse(JSON.stringify({ value })));
      }),
      { numRuns: 500 },
    );
  });

  it("lets no raw line break start a second message, wherever it stands", async () => {
    const smuggled = '{"a":"\n{\\"method\\":1}\r\n","b":1}\n{"method":"tools/call"}';
    expect(await readLines(toLine(Buffer.from(smuggled)))).toHaveLength(1);
  });

  it.each(["\u2028", "\u2029"])(
    "escapes the separator %j, which readline takes for a line break",
    async (separator) => {
      const text = JSON.stringify({ text: `a${separator}b` }).replace(/\\u202[89]/, separator);
      const lines = await readLines(toLine(Buffer.from(text)));
      expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([{ text: `a${separator}b` }]);
    },
  );

  it("leaves the borrowed bytes alone", () => {
    const borrowed = Buffer.from('{\n"a":1}');
    toLine(borrowed);
    expect(borrowed.toString()).toBe('{\n"a":1}');
  });
});
