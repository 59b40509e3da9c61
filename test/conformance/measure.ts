/** Runs suites against a server directly and, if asked, through what stands in front of it. */
import type { Measurement } from "./compare.ts";
import type { Programs } from "../fixtures/programs.ts";
import { listOwn, runOwn } from "./own/own-suite.ts";
import type { SuiteResults } from "./results.ts";
import { listScored, runSuite } from "./run-suite.ts";
import { nameSuite, type Suite } from "./suites.ts";

/** Where to run the suites. Without the last two only the direct half is measured. */
export interface Targets {
  directUrl: string;
  sidecarUrl?: string | undefined;
  /** A sidecar with a policy in force that allows everything. */
  policyUrl?: string | undefined;
  /** What stands in front in these two runs, in words; a sidecar where absent. */
  between?: readonly [string, string];
}

/** How suites are run. `onProgress` gets lines for people. */
export interface Running {
  readonly programs: Programs;
  readonly onProgress: (line: string) => void;
}

/** Runs one suite, the direct part first. Says so before each part. */
export async function measureSuite(suite: Suite, targets: Targets, running: Running): Promise<Measurement> {
  const scored = suite.kind === "own" ? listOwn(suite.revision) : await listScored(suite, running.programs);
  const run = async (where: string, url: string): Promise<SuiteResults> => {
    running.onProgress(`${suite.version} (suite ${nameSuite(suite)}): ${where}`);
    if (suite.kind === "own") return runOwn(suite.revision, url, running.onProgress);
    return runSuite(suite, url, running.programs);
  };
  const { directUrl, sidecarUrl, policyUrl } = targets;
  const [first, second] = targets.between ?? ["the sidecar", "the sidecar with a policy"];
  return {
    version: suite.version,
    scored,
    direct: await run("directly", directUrl),
    ...(sidecarUrl === undefined ? {} : { sidecar: await run(`through ${first}`, sidecarUrl) }),
    ...(policyUrl === undefined ? {} : { policy: await run(`through ${second}`, policyUrl) }),
  };
}
