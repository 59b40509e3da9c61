/** Runs one suite against one URL and reads its results from a temporary folder, which is removed. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Programs } from "../fixtures/programs.ts";
import { parseChecks, parseFolderName, parseScenarioList, type Check, type SuiteResults } from "./results.ts";
import { findInstalled, type OfficialSuite } from "./suites.ts";

/** Returns the names of the suite's scored scenarios. Throws when the suite names none. */
export async function listScored(suite: OfficialSuite, programs: Programs): Promise<string[]> {
  const { programFile } = findInstalled(suite);
  const { stdout, stderr } = await programs.run([programFile, "list", ...suite.listArgs]);
  const names = parseScenarioList(stdout);
  if (names.length === 0) throw new Error(`the suite for ${suite.version} lists no scenarios\n${stderr}`);
  return names;
}

/** Runs the suite against the server at `url`. Throws when it wrote no results at all. */
export async function runSuite(suite: OfficialSuite, url: string, programs: Programs): Promise<SuiteResults> {
  const folder = await mkdtemp(join(tmpdir(), "outrigger-conformance-"));
  try {
    const { programFile } = findInstalled(suite);
    const { stderr } = await programs.run([programFile, "server", "--url", url, ...suite.runArgs, "-o", folder]);
    const results = await readResults(folder);
    if (results.size === 0) throw new Error(`the suite for ${suite.version} wrote no results for ${url}\n${stderr}`);
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Reads what a suite has written into a folder. */
export async function readResults(folder: string, of: "Server" | "Client" = "Server"): Promise<SuiteResults> {
  const results = new Map<string, Check[]>();
  for (const name of await readdir(folder)) {
    const scenario = parseFolderName(name, of);
    if (scenario === undefined) continue;
    const checks = parseChecks(await readFile(join(folder, name, "checks.json"), "utf8"));
    if (checks.ok) results.set(scenario, checks.value);
  }
  return results;
}
