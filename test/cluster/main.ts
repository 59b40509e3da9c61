/** `npm run cluster -- up|down|status|kubeconfig|import TAR...|node CMD...`: a real Kubernetes cluster for tests. */
import process from "node:process";
import { chooseProvider } from "./choose-provider.ts";
import { runCommand } from "./commands.ts";
import { createProgress, toProgressOutput } from "./progress.ts";

try {
  process.exitCode = await runCommand(process.argv.slice(2), {
    choose: () => chooseProvider(process.env),
    // Results stand alone on standard output: $(npm run --silent cluster -- kubeconfig) works.
    progress: createProgress(toProgressOutput(process.stderr, process.env)),
    print: (text) => void process.stdout.write(`${text}\n`),
    printError: (text) => void process.stderr.write(`${text}\n`),
  });
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
