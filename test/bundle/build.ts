/**
 * `npm run build`: one file per program, as images and benchmarks run them, with sizes. Output: dist/<program>/main.js.
 * Names of programs as arguments: those alone.
 */
import { fileURLToPath } from "node:url";
import { stat } from "node:fs/promises";
import { bundleProgram, programs } from "./bundle.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const named = process.argv.slice(2);
const unknown = named.filter((name) => !programs.some((program) => program === name));
if (unknown.length > 0) {
  console.error(`no such program: ${unknown.join(", ")}; known are ${programs.join(", ")}`);
  process.exitCode = 2;
} else {
  for (const program of programs.filter((each) => named.length === 0 || named.includes(each))) {
    const file = await bundleProgram(program, root);
    const { size } = await stat(file);
    console.log(`${program.padEnd(12)} ${(size / 1024).toFixed(0).padStart(6)} KiB`);
  }
}
