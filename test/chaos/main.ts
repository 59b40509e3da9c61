/**
 * `npm run test:chaos`: ends and freezes programs under load and says what became of the calls. Exit code 1: a call was lost. 2: the run could not
 * be made.
 */
import { readLocalSettings } from "../cluster/providers/local/settings.ts";
import { findBinaries } from "../cluster/providers/local/binaries/binaries.ts";
import { createProgress, toProgressOutput } from "../cluster/progress.ts";
import { startRealApi } from "./api/real.ts";
import { help, readOptions } from "./options.ts";
import { findProblems, formatChaos } from "./report.ts";
import { runChaos } from "./run.ts";

const options = readOptions(process.argv.slice(2));
if (!options.ok) {
  console.error(`${options.message}\n\n${help}`);
  process.exitCode = 2;
} else if (options.isHelp) console.log(help);
else {
  try {
    const progress = createProgress(toProgressOutput(process.stderr, process.env));
    const { kubeAll } = await findBinaries(readLocalSettings(process.env), progress);
    const report = await runChaos({
      ...options,
      startApi: () => progress.step("API server", () => startRealApi(kubeAll)),
      tell: ({ atSeconds, what }) => console.error(`${atSeconds.toFixed(1).padStart(6)} s  ${what}`),
    });
    console.log(options.isJson ? JSON.stringify(report) : formatChaos(report));
    process.exitCode = findProblems(report).length === 0 ? 0 : 1;
  } catch (error) {
    console.error(error);
    process.exitCode = 2;
  }
}
