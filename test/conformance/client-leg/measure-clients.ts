/**
 * Runs the official client scenarios with a client alone and with the same client behind an aggregator: what the aggregator and its sidecar do
 * as clients of a server. Scenarios of authorization are left out: the aggregator dials sidecars alone, and holds no credentials.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Measurement } from "../compare.ts";
import type { Running } from "../measure.ts";
import { parseScenarioList, type Check, type SuiteResults } from "../results.ts";
import { readResults } from "../run-suite.ts";
import { findInstalled, type OfficialSuite } from "../suites.ts";

/** Revisions with scenarios for clients. */
const versions = ["2025-11-25", "2026-07-28"] as const;
/** How long the suite waits for a client, ms: two programs start for each scenario. */
const longestMs = 120_000;

/** What stands in the table in place of a version. */
const nameClientRow = (version: string): string => `${version} client`;

/** Measures every revision; the columns of the aggregator among other servers stay empty. */
export async function measureClients(suite: OfficialSuite, { programs, onProgress }: Running): Promise<Measurement[]> {
  const { programFile } = findInstalled(suite);
  const measurements: Measurement[] = [];
  for (const version of versions) {
    const chosen = ["--spec-version", version];
    const { stdout } = await programs.run([programFile, "list", "--client", ...chosen]);
    const scored = parseScenarioList(stdout, "Client").filter((name) => !name.startsWith("auth/"));
    if (scored.length === 0) throw new Error(`the suite lists no client scenarios for ${version}`);
    const run = async (what: string, program: string): Promise<SuiteResults> => {
      onProgress(`${nameClientRow(version)}: ${what}`);
      const command = ["node", "--conditions=outrigger-source", fileURLToPath(new URL(program, import.meta.url))];
      const results = new Map<string, readonly Check[]>();
      for (const scenario of scored) {
        const folder = await mkdtemp(join(tmpdir(), "outrigger-conformance-"));
        const args = ["--command", command.join(" "), "--scenario", scenario, ...chosen, "--timeout", `${longestMs}`];
        try {
          await programs.run([programFile, "client", ...args, "-o", folder]);
          for (const [name, checks] of await readResults(folder, "Client")) results.set(name, checks);
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      }
      return results;
    };
    const direct = await run("directly", "directly.ts");
    measurements.push({
      ...{ version: nameClientRow(version), scored, direct },
      sidecar: await run("through the aggregator", "through-aggregator.ts"),
    });
  }
  return measurements;
}
