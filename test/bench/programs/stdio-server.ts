/** The benchmark's server over stdio, for proxies that front nothing else. */
import { createInterface } from "node:readline";
import { answerTo, readAsked } from "./answers.ts";

createInterface({ input: process.stdin }).on("line", (line) => {
  const asked = readAsked(Buffer.from(line));
  if (asked.id !== undefined) process.stdout.write(`${answerTo(asked)}\n`);
});
