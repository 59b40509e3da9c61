/** Runs a real suite against the real fixture through two things that may stand in front of a server: one that loses nothing, and one that does. */
import { expect, it } from "vitest";
import { compareRuns } from "./compare.ts";
import { measureSuite } from "./measure.ts";
import { startPassthrough } from "./passthrough.ts";
import { createPrograms } from "../fixtures/programs.ts";
import { startFixture } from "./servers.ts";
import { suites } from "./suites.ts";

it("passes 32 of 32 through a transparent passthrough and sees what one that rewrites the Host loses", async () => {
  const programs = createPrograms();
  const fixtureUrl = await startFixture(programs);
  const transparent = await startPassthrough(fixtureUrl, "keep");
  const careless = await startPassthrough(fixtureUrl, "rewrite");
  const lines: string[] = [];
  try {
    const targets = { directUrl: transparent.url, sidecarUrl: careless.url };
    const legacy = suites.find((suite) => suite.version === "legacy")!;
    const measured = await measureSuite(legacy, targets, { programs, onProgress: (line) => lines.push(line) });
    const row = {
      version: "legacy",
      direct: 32,
      sidecar: 31,
      policy: null,
      total: 32,
      lost: ["dns-rebinding-protection"],
    };
    expect(compareRuns(measured)).toEqual(row);
    expect(lines).toEqual(["legacy (suite 0.1.16): directly", "legacy (suite 0.1.16): through the sidecar"]);
  } finally {
    transparent.close();
    careless.close();
    await programs.endAll();
  }
});
