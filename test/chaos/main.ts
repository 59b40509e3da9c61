/**
 * `npm run test:chaos -- [--full] [--json]`: ends and freezes programs under load and says what became of the calls. Exit code 1: a call was
 * lost. 2: the run could not be made.
 */
import { parseArgs } from "node:util";
import { findProblems, formatChaos } from "./report.ts";
import { plans, runChaos } from "./run.ts";

const { values } = parseArgs({
  options: { full: { type: "boolean", default: false }, json: { type: "boolean", default: false } },
});
try {
  const report = await runChaos(values.full ? plans.full : plans.quick, ({ atSeconds, what }) =>
    console.error(`${atSeconds.toFixed(1).padStart(6)} s  ${what}`),
  );
  console.log(values.json ? JSON.stringify(report) : formatChaos(report));
  process.exitCode = findProblems(report).length === 0 ? 0 : 1;
} catch (error) {
  console.error(error);
  process.exitCode = 2;
}
