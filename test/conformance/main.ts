/**
 * `npm run conformance`: the official suites against the fixture server, directly and through the sidecar.
 * Exit code 1: the sidecar lost something, or the fixture passes less than its baseline. 2: the run could not be made.
 */
import { parseArgs } from "node:util";
import { createBaseline, findRegressions, readBaseline, writeBaseline } from "./baseline.ts";
import { compareRuns, type Measurement } from "./compare.ts";
import { measureSuite } from "./measure.ts";
import { createPrograms, type Programs } from "../fixtures/programs.ts";
import { startFixture, startSidecar } from "./servers.ts";
import { findInstalled, suites } from "./suites.ts";
import { renderTable } from "./table.ts";

const baselineFile = new URL("baseline.json", import.meta.url);
const signalExitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    "direct-only": { type: "boolean", default: false },
    update: { type: "boolean", default: false },
  },
});

const programs = createPrograms();
const interruption: { exitCode?: number } = {};
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    interruption.exitCode = signalExitCodes[signal];
    void programs.endAll(); // what waits for a program rejects now, and cleans up on its way out
  });
}
try {
  process.exitCode = await report(await measureAll(programs));
} catch (error) {
  if (interruption.exitCode === undefined) console.error(error instanceof Error ? error.message : error);
  process.exitCode = interruption.exitCode ?? 2;
} finally {
  await programs.endAll();
}

async function measureAll(programs: Programs): Promise<Measurement[]> {
  const directUrl = await startFixture(programs);
  const sidecarUrl = options["direct-only"] ? undefined : await startSidecar(programs, directUrl);
  const measurements: Measurement[] = [];
  for (const suite of suites) {
    const onProgress = (line: string): void => console.error(line);
    measurements.push(await measureSuite(suite, { directUrl, sidecarUrl }, { programs, onProgress }));
  }
  return measurements;
}

async function report(measurements: readonly Measurement[]): Promise<number> {
  if (options.update) await writeBaseline(baselineFile, createBaseline(measurements));
  const regressions = findRegressions(await readBaseline(baselineFile), measurements);
  const rows = measurements.map(compareRuns);
  const suiteVersions = new Map(suites.map((suite) => [suite.version, findInstalled(suite).packageVersion]));
  console.log(options.json ? JSON.stringify({ rows }) : renderTable(rows, suiteVersions));
  for (const regression of regressions) console.error(`no longer passes directly: ${regression}`);
  return regressions.length > 0 || rows.some((row) => row.lost.length > 0) ? 1 : 0;
}
