#!/usr/bin/env node
/**
 * Starts the command: from the sources in a clone, from the build elsewhere. Decides nothing but whether this Node.js is new enough.
 * Plain JavaScript without new syntax, so that an old Node.js reaches the sentence that says so.
 */
import { existsSync } from "node:fs";
import module from "node:module";
import process from "node:process";

const floor = [22, 19];
const [major, minor] = process.versions.node.split(".").map(Number);

if (major < floor[0] || (major === floor[0] && minor < floor[1])) {
  process.stderr.write(
    `error: outrigger needs Node.js ${floor.join(".")} or newer, and this is ${process.versions.node} (${process.execPath}). [OUTRIGGER_ERR_NODE_VERSION]\n`,
  );
  process.exitCode = 2;
} else if (existsSync(new URL("../src/main.ts", import.meta.url))) {
  useSources();
  await import("../src/main.ts");
} else {
  await import("../dist/main.js");
}

/** Makes our own packages resolve to their sources, and keeps Node.js 22 from warning that it strips types. */
function useSources() {
  module.registerHooks({
    resolve: (specifier, context, next) =>
      specifier.startsWith("@outrigger/")
        ? next(specifier, { ...context, conditions: ["outrigger-source", ...context.conditions] })
        : next(specifier, context),
  });
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning, ...rest) => {
    if (rest[0] !== "ExperimentalWarning") emitWarning(warning, ...rest);
  };
}
