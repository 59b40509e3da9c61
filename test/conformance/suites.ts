/** Which suites are run, and with which arguments. Where the official ones are installed is asked of Node, so that no network is needed. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { OwnRevision } from "./own/own-suite.ts";

/** One official suite at one specification version. */
export interface OfficialSuite {
  readonly kind: "official";
  /** The row's name: a specification version, or `legacy` for all that came before 2026-07-28. */
  readonly version: string;
  /** Name of the installed package. */
  readonly packageName: "conformance-stable" | "conformance-alpha";
  /** Arguments of `server` that choose the scenarios to run. */
  readonly runArgs: readonly string[];
  /** Arguments of `list` that name the scored scenarios. */
  readonly listArgs: readonly string[];
}

/** The scenarios of this project at one revision. */
export interface OwnSuite {
  readonly kind: "own";
  readonly version: string;
  readonly revision: OwnRevision;
}

/** One row of the table. */
export type Suite = OfficialSuite | OwnSuite;

/** The suites in the order of the table. */
export const suites: readonly Suite[] = [
  own("2024-11-05"),
  own("2025-03-26"),
  atVersion("2025-03-26"),
  atVersion("2025-06-18"),
  requirements("2025-11-25"),
  requirements("2026-07-28"),
  {
    kind: "official",
    version: "legacy",
    packageName: "conformance-stable",
    runArgs: ["--suite", "all"],
    listArgs: ["--server"],
  },
];

/** The suite with scenarios for clients. */
export const suiteOfClients: OfficialSuite = requirements("2026-07-28");

/** Name of the transport that a row is about: what is started for it, and where its endpoint is. */
export function transportOf(suite: Suite): "streamable-http" | "sse" {
  return suite.kind === "own" && suite.revision === "2024-11-05" ? "sse" : "streamable-http";
}

/** What stands in the table as the suite's version. */
export function nameSuite(suite: Suite): string {
  return suite.kind === "own" ? "own" : findInstalled(suite).packageVersion;
}

function own(revision: OwnRevision): OwnSuite {
  return { kind: "own", version: `${revision}-own`, revision };
}

/** The suite has lists of requirements for its latest two versions only; of earlier ones everything that applies is scored. */
function atVersion(version: string): OfficialSuite {
  const args = ["--spec-version", version];
  return {
    kind: "official",
    version,
    packageName: "conformance-alpha",
    runArgs: args,
    listArgs: ["--server", ...args],
  };
}

function requirements(version: string): OfficialSuite {
  const args = ["--requirements", version];
  return { kind: "official", version, packageName: "conformance-alpha", runArgs: args, listArgs: args };
}

/** An installed suite package: its program file and its version. */
export interface InstalledSuite {
  programFile: string;
  packageVersion: string;
}

/** Finds the package of a suite. Throws when it is not installed. */
export function findInstalled({ packageName }: OfficialSuite): InstalledSuite {
  const manifestFile = createRequire(import.meta.url).resolve(`${packageName}/package.json`);
  // The manifest of an installed package, of which npm guarantees these members.
  const manifest = JSON.parse(readFileSync(manifestFile, "utf8")) as { version: string; bin: { conformance: string } };
  return { programFile: join(dirname(manifestFile), manifest.bin.conformance), packageVersion: manifest.version };
}
