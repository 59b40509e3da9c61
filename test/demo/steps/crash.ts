/** Step: a server's process is killed; it comes back by itself, and calls to another server never notice. */
import { waitFor } from "../../fixtures/wait-for.ts";
import { claim } from "../claim.ts";
import { listDescendants } from "../stage/processes.ts";
import type { Stage } from "../stage/stage.ts";
import type { Step } from "../step.ts";

const program = "mcp-server-sequential-thinking";
const thought = { thought: "Is it there?", nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 };

export const crash: Step = {
  title: "Failure: a killed server comes back, and nobody else notices",
  run: async (stage, { paint, progress }) => {
    const { modern } = stage;
    claim(!(await modern.call("thinking__sequentialthinking", thought)).isError, "the server answers before");
    const victims = findServer(stage);
    claim(victims.length > 0, `a process of ${program} runs`);
    const others = callOthers(stage);
    for (const victim of victims) process.kill(victim, "SIGKILL");
    const killedMs = performance.now();
    progress(`killed process ${victims.join(", ")}, waiting for the next one`);
    const next = await waitFor(
      "the server's next process",
      () => findServer(stage).find((pid) => !victims.includes(pid)),
      30_000,
    );
    await waitFor(
      "the server to answer again",
      async () => !(await modern.call("thinking__sequentialthinking", thought)).isError,
      30_000,
    );
    const seconds = ((performance.now() - killedMs) / 1000).toFixed(1);
    const { answered, failed } = await others.stop();
    claim(answered > 0 && failed.length === 0, "every call to another server was answered meanwhile", failed);
    return {
      rows: [
        [`kill -9 ${victims.join(" ")}`, paint.name("thinking"), `answers again after ${seconds} s as process ${next}`],
        ["meanwhile", paint.name("files"), `${answered} calls, ${failed.length} failed`],
      ],
      proven: "one server died and came back; the others never noticed",
    };
  },
};

function findServer({ outrigger }: Stage): number[] {
  return listDescendants(outrigger.pid)
    .filter(({ command }) => command.includes(program) && !command.includes("--watch-stdin"))
    .map(({ pid }) => pid);
}

/** Calls another server over and over until it is stopped. */
function callOthers({ modern, folder }: Stage): {
  readonly stop: () => Promise<{ answered: number; failed: string[] }>;
} {
  const state = { isStopped: false, answered: 0, failed: [] as string[] };
  const run = async (): Promise<void> => {
    while (!state.isStopped) {
      try {
        const result = await modern.call("files__list_directory", { path: folder.files });
        if (result.isError) state.failed.push(result.text);
        else state.answered++;
      } catch (error) {
        state.failed.push(error instanceof Error ? error.message : String(error));
      }
    }
  };
  const running = run();
  return {
    stop: async () => {
      state.isStopped = true;
      await running;
      return state;
    },
  };
}
