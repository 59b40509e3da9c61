/**
 * `npm run conformance`: the official suites and scenarios of our own for older revisions, against the fixture server: directly,
 * through the sidecar, and through the sidecar with a policy in force.
 * Exit code 1: the sidecar lost something, or the fixture passes less than its baseline. 2: the run could not be made.
 */
import { parseArgs } from "node:util";
import { createBaseline, findRegressions, readBaseline, writeBaseline } from "./baseline.ts";
import { compareRuns, type Measurement } from "./compare.ts";
import { measureSuite, type Targets } from "./measure.ts";
import { createPrograms, type Programs } from "../fixtures/programs.ts";
import { endpointOf, startFixture, startSidecar, type SidecarChoice } from "./servers.ts";
import { nameSuite, suites, transportOf } from "./suites.ts";
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
  const fixtureUrl = await startFixture(programs);
  const targets = {
    "streamable-http": await startTargets(programs, fixtureUrl, "streamable-http"),
    sse: await startTargets(programs, fixtureUrl, "sse"),
  };
  const measurements: Measurement[] = [];
  for (const suite of suites) {
    const onProgress = (line: string): void => console.error(line);
    measurements.push(await measureSuite(suite, targets[transportOf(suite)], { programs, onProgress }));
  }
  return measurements;
}

async function startTargets(
  programs: Programs,
  fixtureUrl: string,
  transport: SidecarChoice["transport"],
): Promise<Targets> {
  const directUrl = endpointOf(fixtureUrl, transport);
  if (options["direct-only"]) return { directUrl };
  const [sidecarUrl, policyUrl] = await Promise.all(
    [false, true].map((withPolicy) => startSidecar(programs, fixtureUrl, { transport, withPolicy })),
  );
  return { directUrl, sidecarUrl, policyUrl };
}

async function report(measurements: readonly Measurement[]): Promise<number> {
  if (options.update) await writeBaseline(baselineFile, createBaseline(measurements));
  const regressions = findRegressions(await readBaseline(baselineFile), measurements);
  const rows = measurements.map(compareRuns);
  const suiteVersions = new Map(suites.map((suite) => [suite.version, nameSuite(suite)]));
  console.log(options.json ? JSON.stringify({ rows }) : renderTable(rows, suiteVersions));
  for (const regression of regressions) console.error(`no longer passes directly: ${regression}`);
  return regressions.length > 0 || rows.some((row) => row.lost.length > 0) ? 1 : 0;
}
