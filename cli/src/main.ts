/** The outrigger command. The only file that touches the process; what is typed is decided in program.ts. */
import process from "node:process";
import { readColorChoice } from "./color.ts";
import { createIo } from "./io.ts";
import { runProgram } from "./program.ts";

// A reader that went away (`outrigger search … | head -1`) is no error of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

const { color, rest } = readColorChoice(process.argv.slice(2));
await runProgram(createIo(process, color), rest);
