/** `npm run build`: one file per program, as images and benchmarks run them, with sizes. Output: dist/bundle/<program>.mjs. */
import { fileURLToPath } from "node:url";
import { stat } from "node:fs/promises";
import { bundleProgram, programs } from "./bundle.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
for (const program of programs) {
  const file = await bundleProgram(program, root);
  const { size } = await stat(file);
  console.log(`${program.padEnd(12)} ${(size / 1024).toFixed(0).padStart(6)} KiB`);
}
