/** Which official suites are run, and with which arguments. Where they are installed is asked of Node, so that no network is needed. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** One official suite at one specification version. */
export interface Suite {
  /** The row's name: a specification version, or `legacy` for all that came before 2026-07-28. */
  version: string;
  /** Name of the installed package. */
  packageName: "conformance-stable" | "conformance-alpha";
  /** Arguments of `server` that choose the scenarios to run. */
  runArgs: readonly string[];
  /** Arguments of `list` that name the scored scenarios. */
  listArgs: readonly string[];
}

/** The suites in the order of the table. */
export const suites: readonly Suite[] = [
  { version: "legacy", packageName: "conformance-stable", runArgs: ["--suite", "all"], listArgs: ["--server"] },
  requirements("2025-11-25"),
  requirements("2026-07-28"),
];

function requirements(version: string): Suite {
  const args = ["--requirements", version];
  return { version, packageName: "conformance-alpha", runArgs: args, listArgs: args };
}

/** An installed suite package: its program file and its version. */
export interface InstalledSuite {
  programFile: string;
  packageVersion: string;
}

/** Finds the package of a suite. Throws when it is not installed. */
export function findInstalled({ packageName }: Suite): InstalledSuite {
  const manifestFile = createRequire(import.meta.url).resolve(`${packageName}/package.json`);
  // The manifest of an installed package, of which npm guarantees these members.
  const manifest = JSON.parse(readFileSync(manifestFile, "utf8")) as { version: string; bin: { conformance: string } };
  return { programFile: join(dirname(manifestFile), manifest.bin.conformance), packageVersion: manifest.version };
}
