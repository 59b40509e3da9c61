import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { createInput } from "./input.ts";

/** A stream that takes one line and then no more until it is told to. */
function createSlowStream(): { stream: Writable; taken: string[]; go: () => void } {
  const taken: string[] = [];
  let go = (): void => undefined;
  const stream = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      taken.push(chunk.toString());
      go = done;
    },
  });
  return { stream, taken, go: () => go() };
}

describe("the queue to a server", () => {
  it("waits for a server that does not read and keeps the order", async () => {
    const { stream, taken, go } = createSlowStream();
    const input = createInput(stream, 100);
    const lines = ["a", "b", "c"].map((text) => input.write(Buffer.from(text)));
    expect(taken).toEqual(["a"]);
    expect(lines.map((line) => line?.isWritten())).toEqual([true, false, false]);
    for (const expected of [
      ["a", "b"],
      ["a", "b", "c"],
    ]) {
      const drained = new Promise((resolve) => stream.once("drain", resolve));
      go();
      await drained;
      expect(taken).toEqual(expected);
    }
  });

  it("takes back what has not been written, and says so when it is too late", async () => {
    const { stream, taken, go } = createSlowStream();
    const input = createInput(stream, 100);
    const [first, second] = ["a", "b"].map((text) => input.write(Buffer.from(text)));
    expect(second?.drop()).toBe(true);
    expect(first?.drop()).toBe(false);
    const drained = new Promise((resolve) => stream.once("drain", resolve));
    go();
    await drained;
    expect(taken).toEqual(["a"]);
  });

  it("refuses what does not fit, but never a line into an empty queue", () => {
    const { stream } = createSlowStream();
    const input = createInput(stream, 4);
    expect(input.write(Buffer.from("longer than four"))).toBeDefined();
    expect(input.write(Buffer.from("x"))).toBeUndefined();
  });

  it("takes nothing after it was closed", () => {
    const { stream } = createSlowStream();
    const input = createInput(stream, 4);
    input.close();
    expect(input.write(Buffer.from("x"))).toBeUndefined();
  });
});
