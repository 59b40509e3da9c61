import { expect, it } from "vitest";
import { readEvents } from "./read-events.ts";

async function read(...chunks: readonly string[]): Promise<(string | undefined)[]> {
  const data: (string | undefined)[] = [];
  for await (const event of readEvents(ReadableStream.from(chunks.map((chunk) => Buffer.from(chunk))), 20))
    data.push(event.data);
  return data;
}

it("yields the last event of a stream whose lines end with CR alone, and never half an event", async () => {
  expect(await read("data: a\r\r", "data: b\r", "\r")).toEqual(["a", "b"]);
  expect(await read("data: a\n\ndata: b\n")).toEqual(["a"]);
  expect(await read("data: a\r\rdata: b\r")).toEqual(["a"]);
});

it("throws where an event is larger than allowed", async () => {
  await expect(read("data: a\n\n", "x".repeat(21))).rejects.toThrow("more than 20 bytes");
});
