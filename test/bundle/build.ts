/**
 * `npm run build`: what the images hold beside Node, with sizes: of each program one file, and what Node compiled of it.
 * Output: dist/<program>/main.cjs (the command: main.mjs) and dist/<program>/cache. Names of programs as arguments: those alone.
 */
import { fileURLToPath } from "node:url";
import { stat } from "node:fs/promises";
import { bundleProgram, programs } from "./bundle.ts";
import { fillCompileCache, measureFolder } from "./compile-cache.ts";

const formatKib = (bytes: number): string => `${(bytes / 1024).toFixed(0).padStart(6)} KiB`;
const root = fileURLToPath(new URL("../..", import.meta.url));
const named = process.argv.slice(2);
const unknown = named.filter((name) => !programs.some((program) => program === name));
if (unknown.length > 0) {
  console.error(`no such program: ${unknown.join(", ")}; known are ${programs.join(", ")}`);
  process.exitCode = 2;
} else {
  for (const program of programs.filter((each) => named.length === 0 || named.includes(each))) {
    const file = await bundleProgram(program, root);
    const cache = await fillCompileCache(program, file);
    const compiled = cache === undefined ? "" : `, compiled ${formatKib(await measureFolder(cache))}`;
    console.log(`${program.padEnd(12)} ${formatKib((await stat(file)).size)}${compiled}`);
  }
}
