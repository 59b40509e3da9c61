/** Runs suites against a server directly and, if asked, through what stands in front of it. */
import type { Measurement } from "./compare.ts";
import type { Programs } from "../fixtures/programs.ts";
import { listScored, runSuite } from "./run-suite.ts";
import { findInstalled, type Suite } from "./suites.ts";

/** Where to run the suites. Without `sidecarUrl` only the direct half is measured. */
export interface Targets {
  directUrl: string;
  sidecarUrl?: string | undefined;
}

/** Runs one suite, the direct half first. `onProgress` gets one line for people before each half. */
export async function measureSuite(
  suite: Suite,
  targets: Targets,
  { programs, onProgress }: { programs: Programs; onProgress: (line: string) => void },
): Promise<Measurement> {
  const name = `${suite.version} (suite ${findInstalled(suite).packageVersion})`;
  const scored = await listScored(suite, programs);
  onProgress(`${name}: directly`);
  const direct = await runSuite(suite, targets.directUrl, programs);
  if (targets.sidecarUrl === undefined) return { version: suite.version, scored, direct };
  onProgress(`${name}: through the sidecar`);
  const sidecar = await runSuite(suite, targets.sidecarUrl, programs);
  return { version: suite.version, scored, direct, sidecar };
}
