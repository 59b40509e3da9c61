import { expect, it } from "vitest";
import { recordIo } from "../recorded-io.ts";
import { startLiveBlock } from "./live-block.ts";

/** What a terminal shows in the end: `[nA` moves up, `[0J` clears below. */
function show(written: string): string[] {
  const lines: string[] = [];
  for (const part of written.split(/(\u001b\[\d+A\u001b\[0J)/)) {
    const up = /^\u001b\[(\d+)A/.exec(part)?.[1];
    if (up !== undefined) lines.splice(lines.length - Number(up));
    else lines.push(...part.split("\n").slice(0, -1));
  }
  return lines;
}

it("draws over itself, lets lines pass above it, and stays as it was last", () => {
  const { io, err } = recordIo({ columns: 40 });
  let state = "starting";
  const block = startLiveBlock(io.err, () => ["first", `second ${state}`]);
  block.interrupt(() => io.err.write("passing\n"));
  state = "ready";
  block.finish();
  io.err.write("after\n");
  expect(show(err())).toEqual(["passing", "first", "second ready", "after"]);
});

it("cuts lines that would wrap", () => {
  const { io, err } = recordIo({ columns: 10 });
  startLiveBlock(io.err, () => ["0123456789"]).finish();
  expect(show(err())).toEqual(["01234567…"]);
});
