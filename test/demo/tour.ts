/** The order of the tour, what happens between its steps, and the end of everything that it started. */
import type { Paint } from "../../cli/src/output/paint.ts";
import { claim } from "./claim.ts";
import type { Narrator } from "./narrator.ts";
import { listDescendants, listProcesses } from "./stage/processes.ts";
import { setStage, type Stage, type TearDown } from "./stage/stage.ts";
import type { Step } from "./step.ts";
import { call } from "./steps/call.ts";
import { crash } from "./steps/crash.ts";
import { discover } from "./steps/discover.ts";
import { hiddenTool } from "./steps/hidden-tool.ts";
import { inject } from "./steps/inject.ts";
import { legacyClient } from "./steps/legacy-client.ts";
import { rateLimit } from "./steps/rate-limit.ts";
import { search } from "./steps/search.ts";

const steps: readonly Step[] = [discover, search, call, legacyClient, hiddenTool, rateLimit, crash, inject];

/** What a tour needs. `interrupted` resolves when the user wants it to end. */
export interface TourOptions {
  readonly narrator: Narrator;
  readonly paint: Paint;
  readonly port: number;
  readonly stays: boolean;
  readonly interrupted: Promise<"interrupted">;
}

/** Runs the tour. Returns the exit code: 0 where every step did what it says and nothing was left behind, else 1, or 130. */
export async function runTour(options: TourOptions): Promise<number> {
  const { narrator, paint } = options;
  const startedMs = performance.now();
  const parts = createParts();
  narrator.say(`${paint.title("Outrigger")}: real MCP servers behind sidecars, one endpoint over all\n`);
  const showing = show(options, parts.add);
  const outcome = await Promise.race([showing, options.interrupted]);
  const isWhole = outcome === "shown";
  if (isWhole) {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
    narrator.say(`${paint.good("✓")} Every step did what it says (${seconds} s).`);
    if (options.stays) await stay(options);
  }
  if (outcome === "interrupted") narrator.breakOff();
  const isClean = await takeDown(parts.close(), narrator, paint);
  if (outcome === "interrupted") return 130;
  return isWhole && isClean ? 0 : 1;
}

/** The parts of the stage that are to be taken down. A part that comes after the close is taken down at once. */
function createParts(): { readonly add: (part: TearDown) => void; readonly close: () => readonly TearDown[] } {
  const parts: TearDown[] = [];
  let isClosed = false;
  return {
    add: (part) => {
      if (!isClosed) return void parts.push(part);
      void part();
      throw new Error("the tour has ended");
    },
    close: () => {
      isClosed = true;
      return parts;
    },
  };
}

async function show(options: TourOptions, onPart: (part: TearDown) => void): Promise<"shown" | "failed"> {
  const stage = await tell(options, "The stage: servers, sidecars and the endpoint start", async (progress) => {
    const set = await setStage({ port: options.port, progress, onPart });
    return { value: set, report: describeStage(set) };
  });
  if (stage === undefined) return "failed";
  for (const step of steps) {
    const done = await tell(options, step.title, async (progress) => ({
      value: true,
      report: await step.run(stage, { paint: options.paint, progress }),
    }));
    if (done === undefined) return "failed";
  }
  return "shown";
}

type Report = Awaited<ReturnType<Step["run"]>>;

/** Tells one step; undefined where it failed, which was told then. */
async function tell<T>(
  { narrator }: TourOptions,
  title: string,
  work: (progress: (word: string) => void) => Promise<{ readonly value: T; readonly report: Report }>,
): Promise<T | undefined> {
  const told = narrator.begin(title);
  try {
    const { value, report } = await work(told.progress);
    told.succeed(report);
    return value;
  } catch (error) {
    told.fail(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function describeStage({ folder, config, outrigger }: Stage): Report {
  const count = listDescendants(outrigger.pid).length;
  claim(count >= 12, "sidecars, aggregator and stdio servers run below outrigger up", count);
  return {
    rows: [
      ["folder", folder.path],
      ["started", `outrigger up --config ${config.slice(folder.path.length + 1)}`],
    ],
    proven: `${count} processes below process ${outrigger.pid}`,
  };
}

async function stay({ narrator, paint, port, interrupted }: TourOptions): Promise<void> {
  const endpoint = port === 7777 ? "" : ` --endpoint http://127.0.0.1:${port}`;
  narrator.say(`\n${paint.title("It stays up. In another terminal:")}`);
  narrator.say(`  npx outrigger search "read a file"${endpoint}`);
  narrator.say(`  npx outrigger client-config${endpoint}`);
  narrator.say(`\n${paint.faint("Ctrl-C ends everything.")}`);
  await interrupted;
}

/** Ends everything in reverse order, then looks whether anything that ran is still there. */
async function takeDown(parts: readonly TearDown[], narrator: Narrator, paint: Paint): Promise<boolean> {
  const before = listDescendants(process.pid).map(({ pid }) => pid);
  for (const part of parts.toReversed()) {
    try {
      await part();
    } catch (error) {
      narrator.say(paint.bad(`could not take down: ${error instanceof Error ? error.message : String(error)}`));
    }
  }
  const left = listProcesses().filter(({ pid, command }) => before.includes(pid) && !command.startsWith("ps "));
  if (left.length === 0) narrator.say(paint.faint(`\nEnded ${before.length} processes; nothing is left running.`));
  else narrator.say(paint.bad(`left running: ${left.map(({ pid, command }) => `${pid} ${command}`).join("; ")}`));
  return left.length === 0;
}
