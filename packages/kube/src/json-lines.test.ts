import { Readable } from "node:stream";
import fc from "fast-check";
import { expect, it } from "vitest";
import { splitLines } from "./json-lines.ts";

async function collect(chunks: readonly Uint8Array[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of splitLines(Readable.from(chunks))) lines.push(line);
  return lines;
}

it("gives the same lines wherever the bytes are cut", async () => {
  const text = '{"a":"ä€😀"}\n\n{"b":1}\r\n{"c":2}\n';
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 40 }), async (sizes) => {
      const bytes = Buffer.from(text);
      const chunks: Buffer[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        chunks.push(bytes.subarray(at, at + size));
        at += size;
      }
      expect(await collect(chunks)).toEqual(['{"a":"ä€😀"}', '{"b":1}', '{"c":2}']);
    }),
  );
});

it("does not give a line whose end never came", async () => {
  expect(await collect([Buffer.from('{"a":1}\n{"b":')])).toEqual(['{"a":1}']);
});

it("refuses a line without end instead of holding it", async () => {
  const chunk = Buffer.alloc(1024 * 1024, 97);
  await expect(collect(Array.from({ length: 10 }, () => chunk))).rejects.toThrow(/exceeds 8388608 bytes/);
});
