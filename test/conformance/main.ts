/**
 * `npm run conformance`: the official suites and scenarios of our own for older revisions, against the fixture server: directly,
 * through the sidecar, and through the sidecar with a policy in force. `-- aggregator`: the official suites through the aggregator, with
 * the fixture behind it alone, and among other servers; and the scenarios for clients, with a client behind it. `--write` writes that table
 * into the reference.
 * Exit code 1: what stands between lost something that is not expected, the fixture passes less than its baseline, or the page says otherwise. 2: the run could not be made.
 */
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { createBaseline, findRegressions, readBaseline, writeBaseline } from "./baseline.ts";
import { measureClients } from "./client-leg/measure-clients.ts";
import { compareRuns, type Measurement } from "./compare.ts";
import { expectedOfAggregator, findUnexpected } from "./expected.ts";
import { measureSuite, type Targets } from "./measure.ts";
import { createPrograms, type Programs } from "../fixtures/programs.ts";
import { startAggregators } from "./aggregators.ts";
import { pageFile, renderPage } from "./page.ts";
import { endpointOf, startFixture, startSidecar, type SidecarChoice } from "./servers.ts";
import { nameSuite, suiteOfClients, suites, transportOf } from "./suites.ts";
import { renderTable } from "./table.ts";

const baselineFile = new URL("baseline.json", import.meta.url);
const signalExitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    "direct-only": { type: "boolean", default: false },
    update: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});

const [subject, ...others] = positionals;
const isOfAggregator = subject === "aggregator";
if ((subject !== undefined && !isOfAggregator) || others.length > 0) {
  console.error(`expected aggregator or nothing, got ${positionals.join(" ")}`);
  process.exit(2);
}
if (isOfAggregator && (options.update || options["direct-only"])) {
  console.error("--update and --direct-only are for the run without aggregator");
  process.exit(2);
}

if (options.write && !isOfAggregator) {
  console.error("--write is for the run with aggregator");
  process.exit(2);
}

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
  if (isOfAggregator) return measureAggregator(programs, fixtureUrl);
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

async function measureAggregator(programs: Programs, fixtureUrl: string): Promise<Measurement[]> {
  const aggregators = await startAggregators(programs, fixtureUrl);
  const targets: Targets = {
    directUrl: fixtureUrl,
    sidecarUrl: aggregators.aloneUrl,
    policyUrl: aggregators.amongOthersUrl,
    between: ["the aggregator", "the aggregator with other servers"],
  };
  try {
    const measurements: Measurement[] = [];
    for (const suite of suites.filter(({ kind }) => kind === "official")) {
      const onProgress = (line: string): void => console.error(line);
      measurements.push(await measureSuite(suite, targets, { programs, onProgress }));
    }
    const onProgress = (line: string): void => console.error(line);
    return [...measurements, ...(await measureClients(suiteOfClients, { programs, onProgress }))];
  } finally {
    await aggregators.close();
  }
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
  const regressions = isOfAggregator ? [] : findRegressions(await readBaseline(baselineFile), measurements);
  const between = isOfAggregator ? (["aggregator", "with others"] as const) : (["sidecar", "policy"] as const);
  const rows = measurements.map((measurement) => compareRuns(measurement, between[1]));
  const suiteVersions = new Map([
    ...measurements.map(({ version }) => [version, nameSuite(suiteOfClients)] as const),
    ...suites.map((suite) => [suite.version, nameSuite(suite)] as const),
  ]);
  console.log(options.json ? JSON.stringify({ rows }) : renderTable(rows, suiteVersions, between));
  const expected = isOfAggregator ? expectedOfAggregator : {};
  const { lost, stale } = findUnexpected(rows, expected);
  const problems = [
    ...regressions.map((each) => `no longer passes directly: ${each}`),
    ...lost.map((each) => `lost: ${each}`),
    ...stale.map((each) => `expected to be lost, and is not: ${each}`),
    ...(isOfAggregator ? await bringPage(renderPage(rows, suiteVersions, expected)) : []),
  ];
  for (const problem of problems) console.error(problem);
  return problems.length > 0 ? 1 : 0;
}

/** Writes the page where that was asked for; else says whether it tells something else. */
async function bringPage(page: string): Promise<string[]> {
  if (options.write) await writeFile(pageFile, page);
  return (await readFile(pageFile, "utf8")) === page
    ? []
    : ["docs/conformance.md says otherwise: write it with --write"];
}
