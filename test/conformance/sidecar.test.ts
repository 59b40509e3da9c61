/** Every row of the table, directly and through the sidecar program: scenario by scenario, check by check, nothing may be lost. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { compareRuns } from "./compare.ts";
import { measureSuite, type Targets } from "./measure.ts";
import { endpointOf, startFixture, startSidecar } from "./servers.ts";
import { suites, transportOf } from "./suites.ts";
import { createPrograms } from "../fixtures/programs.ts";

const programs = createPrograms();
const targets = new Map<string, Targets>();

beforeAll(async () => {
  const fixtureUrl = await startFixture(programs);
  for (const transport of ["streamable-http", "sse"] as const) {
    const sidecarUrl = await startSidecar(programs, fixtureUrl, { transport, withPolicy: false });
    targets.set(transport, { directUrl: endpointOf(fixtureUrl, transport), sidecarUrl });
  }
});
afterAll(() => programs.endAll());

it.each(suites.map((suite) => [suite.version, suite] as const))(
  "F-219 the scenarios of %s give through the sidecar what they give directly, and all pass",
  async (_version, suite) => {
    const lines: string[] = [];
    const running = { programs, onProgress: (line: string) => void lines.push(line) };
    const row = compareRuns(await measureSuite(suite, targets.get(transportOf(suite))!, running));
    expect([row, lines.slice(2)]).toMatchObject([{ direct: row.total, sidecar: row.total, lost: [] }, []]);
  },
);
