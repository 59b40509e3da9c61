/** `npm run images`: makes all images of the product on this machine, with or without Docker, and loads them into a local cluster. */
import { resolve } from "node:path";
import process from "node:process";
import { createProgress, toProgressOutput } from "../cluster/progress.ts";
import { makeImages } from "./local/make-images.ts";
import { readOptions, usage } from "./local/options.ts";

const root = new URL("../..", import.meta.url).pathname;
const read = readOptions(process.argv.slice(2), "dist/images");
switch (read.action) {
  case "help":
    process.stdout.write(`${usage}\n`);
    break;
  case "refuse":
    process.stderr.write(`${read.message}\n\n${usage}\n`);
    process.exitCode = 2;
    break;
  case "make":
    try {
      const options = { ...read.options, folder: resolve(read.options.folder) };
      // The report stands alone on standard output.
      const progress = createProgress(toProgressOutput(process.stderr, process.env));
      process.stdout.write(`${await makeImages(options, root, progress)}\n`);
    } catch (error) {
      process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    }
}
