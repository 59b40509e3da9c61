import { expect, it } from "vitest";
import { readShimWord } from "./shim-word.ts";

it.each([
  ["exited 7", { kind: "Exited", message: "the server's process ended with code 7" }],
  ["killed 9", { kind: "Exited", message: "the server's process ended by SIGKILL" }],
  ["killed 64", { kind: "Exited", message: "the server's process ended by signal 64" }],
  [
    "missing a:b: No such file or directory",
    { kind: "NotStarted", message: "the command a:b does not exist", isMissing: true },
  ],
  [
    "unstarted ./x: Permission denied",
    { kind: "NotStarted", message: "the command ./x can't be started: Permission denied" },
  ],
  [
    "full 2 sessions are open, and no more are taken",
    {
      kind: "Refused",
      message: "the server's container takes no session: 2 sessions are open, and no more are taken",
    },
  ],
])("reads %j", (text, end) => {
  expect(readShimWord(Buffer.from(`outrigger-shim: ${text}`))).toEqual(end);
});

it.each(["exited 7", "outrigger-shim", "outrigger-shim: ", "outrigger-shim: unknown word", '{"jsonrpc":"2.0"}'])(
  "leaves %j to the server",
  (line) => {
    expect(readShimWord(Buffer.from(line))).toBeUndefined();
  },
);
