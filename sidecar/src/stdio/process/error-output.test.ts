import { once } from "node:events";
import { PassThrough } from "node:stream";
import { createLogger } from "@outrigger/runtime/logger";
import { describe, expect, it } from "vitest";
import { followErrorOutput } from "./error-output.ts";

interface Line {
  readonly msg: string;
  readonly level: string;
  readonly line?: string;
  readonly dropped?: number;
}

async function follow(
  chunks: readonly string[],
  now: () => number = () => 0,
): Promise<{ lines: Line[]; last: string | undefined }> {
  const lines: Line[] = [];
  const destination = { write: (text: string) => void lines.push(JSON.parse(text) as Line) };
  const stream = new PassThrough();
  const output = followErrorOutput(stream, {
    now,
    logger: createLogger({ component: "t", version: "0", destination }),
  });
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await once(stream, "end");
  return { lines, last: output.lastLine() };
}

describe("stderr of a server", () => {
  it("becomes log lines, levels by words, pieces joined, empty lines left out", async () => {
    const { lines, last } = await follow([
      "listen",
      "ing\n\nDeprecationWarning: deprecated\nError: no",
      " such thing\nrest",
    ]);
    expect(lines.map(({ level, line }) => `${level} ${line ?? ""}`)).toEqual([
      "info listening",
      "warn DeprecationWarning: deprecated",
      "error Error: no such thing",
      "info rest",
    ]);
    expect(last).toBe("rest");
  });

  it("is bounded per line, with and without a line end", async () => {
    const { lines, last } = await follow([
      `${"a".repeat(5_000)}\n`,
      ...Array.from({ length: 50 }, () => "b".repeat(1_000)),
    ]);
    expect(lines.map(({ line }) => line?.length)).toEqual([2_048, 2_048]);
    expect(last).toHaveLength(200);
  });

  it("is bounded per second, and what was dropped is counted", async () => {
    let nowMs = 0;
    const noise = "x\n".repeat(150);
    const { lines } = await follow([noise, "later\n"], () => {
      nowMs += 5;
      return nowMs;
    });
    expect(lines.filter(({ line }) => line === "x").length).toBeLessThanOrEqual(150);
    const { lines: burst } = await follow([noise]);
    expect(burst).toHaveLength(100);
  });
});
