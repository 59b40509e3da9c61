/**
 * `npm run fuzz`: hostile clients and broken servers against the sidecar's bundle, and odd texts for the aggregator's parsers. Exit code 1: something broke, and how to see it
 * again is printed. 2: the run could not be made.
 */
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { repositoryRoot } from "../demo/stage/root.ts";
import { play } from "./door/play.ts";
import { readRepro } from "./input.ts";
import { fuzzParsers, parserInputs } from "./parsers/fuzz-parsers.ts";
import { createParserTargets } from "./parsers/targets.ts";
import { readFuzzOptions, usage, type FuzzOptions } from "./options.ts";
import { formatReport } from "./report.ts";
import { runFuzz } from "./run-fuzz.ts";
import { openStage, type Stage } from "./stage.ts";

const options = readFuzzOptions(process.argv.slice(2), randomInt(2 ** 31));
if (typeof options === "string") {
  console.error(`${options}\n\n${usage}`);
  process.exit(2);
}
try {
  process.exitCode = await run(options);
} catch (error) {
  console.error(error);
  process.exitCode = 2;
}

async function run(told: FuzzOptions): Promise<number> {
  const stage = await openStage();
  const end = (): void => void stage.close().finally(() => process.exit(130));
  process.once("SIGINT", end).once("SIGTERM", end);
  try {
    return told.replay === undefined ? await fuzz(stage, told) : await replay(stage, told.replay);
  } finally {
    await stage.close();
  }
}

async function fuzz(stage: Stage, { minutes, seed, isJson, scenario }: FuzzOptions): Promise<number> {
  const startedMs = performance.now();
  console.error(`seed ${seed}, ${minutes} minutes`);
  const parsers = fuzzParsers(await createParserTargets(), { seed, count: parserInputs });
  const run = await runFuzz(stage, {
    seed,
    untilMs: startedMs + minutes * 60_000,
    folder: join(repositoryRoot, ".cache", "fuzz"),
    now: () => performance.now(),
    onProgress: showProgress,
    only: scenario,
  });
  showProgress("");
  const report = {
    ...run,
    tried: { ...parsers.tried, ...run.tried },
    failures: [...parsers.failures, ...run.failures],
  };
  const seen = {
    ...report,
    seconds: (performance.now() - startedMs) / 1_000,
    peakMiB: stage.peakMiB(),
    served: stage.probe.served(),
    broken: stage.probe.broken(),
    slowestMs: stage.probe.slowestMs(),
    reached: stage.app.requests(),
  };
  console.log(isJson ? JSON.stringify(seen) : formatReport(seen));
  return report.failures.length === 0 ? 0 : 1;
}

/** A line that is written over itself, for people only. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

async function replay(stage: Stage, file: string): Promise<number> {
  const { inputs } = await readRepro(file);
  const problems: string[] = [];
  for (const input of inputs) {
    const { answers, problem } = await play(stage.door.port, input);
    const found = problem ?? stage.check();
    if (found !== undefined) problems.push(found);
    for (const { status, body } of answers) console.log(`${status} ${body.toString("utf8", 0, 300)}`);
  }
  const open = stage.door.isRunning() ? await stage.settle() : undefined;
  if (open !== undefined) problems.push(open);
  console.log(problems.length === 0 ? "nothing broke" : problems.join("\n"));
  return problems.length === 0 ? 0 : 1;
}
