/** A reader at work in a clone: saves what a page shows, runs its commands in a shell, and leaves programs that serve running. */
import { rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { onTestFinished } from "vitest";
import { findFreePort } from "@outrigger/runtime/testing/free-port";
import { repositoryEnvironment } from "../../demo/stage/root.ts";
import { startProgram } from "../../fixtures/program.ts";
import { makeClone } from "./clone.ts";
import { readServing } from "./serving.ts";

/** What a command printed, on both outputs as it came, and how it ended. A program that serves counts as ended well. */
export interface Ran {
  readonly text: string;
  readonly code: number | null;
}

/** The reader of one page. */
export interface Reader {
  readonly save: (file: string, text: string) => void;
  readonly run: (command: string) => Promise<Ran>;
  /** For how long a command is run again where it does not yet do what the page says, in ms. */
  readonly patienceMs: (command: string) => number;
}

/** Servers may still be starting when the endpoint is there. */
const asksServers = /^npx outrigger (?:search|call) /;
const serversStartWithinMs = 180_000;

/** What a reader has besides a clone: folders of programs, and variables. */
export interface Equipment {
  readonly programs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Creates a reader for the running test. What it started ends with the test. */
export function createReader({ programs, env: more }: Equipment = { programs: [], env: {} }): Reader {
  const folder = makeClone();
  const own = repositoryEnvironment();
  let env: NodeJS.ProcessEnv = {
    ...own,
    ...more,
    PATH: [join(folder, "node_modules", ".bin"), ...programs, own["PATH"]].join(delimiter),
    NOTES_FILE: join(folder, "notes.jsonl"),
    NO_COLOR: "1",
    // What is not installed must fail, not be fetched.
    npm_config_offline: "true",
    // npm would keep compiled code in the temporary folder.
    NODE_DISABLE_COMPILE_CACHE: "1",
  };
  /** The addresses of the page, and those that stand for them here. */
  const endpoints = new Map<string, string>();
  return {
    patienceMs: (command) => (asksServers.test(command) ? serversStartWithinMs : 0),
    save: (file, text) => {
      // A link would lead out of the clone.
      rmSync(join(folder, file), { force: true });
      writeFileSync(join(folder, file), text);
    },
    run: async (command) => {
      const serving = readServing(command);
      if (serving === undefined) {
        const line = [...endpoints].reduce((text, [shown, own]) => text.replaceAll(shown, own), command);
        return runLine(line, { cwd: folder, env });
      }
      // The page's port may be taken here.
      const free = String(await findFreePort());
      await serveUntilEnd(serving.line(free), free, { cwd: folder, env: { ...env, ...serving.env } });
      if (serving.isEndpoint) {
        const own = `http://127.0.0.1:${free}`;
        endpoints.set(`http://127.0.0.1:${serving.port}`, own);
        env = { ...env, OUTRIGGER_ENDPOINT: own };
      }
      return { text: "", code: 0 };
    },
  };
}

interface Place {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

async function runLine(command: string, place: Place): Promise<Ran> {
  let text = "";
  const onLine = (line: string): void => void (text += `${line}\n`);
  // In one stream, as on the reader's screen.
  const program = startProgram(["sh", "-c", `exec 2>&1 </dev/null; ${command}`], { ...place, onLine });
  onTestFinished(async () => {
    await program.stop();
  });
  return { code: await program.ended, text };
}

/** Waits until a line of its output names the port. */
async function serveUntilEnd(command: string, port: string, place: Place): Promise<void> {
  const ready = Promise.withResolvers<undefined>();
  const onLine = (line: string): void => {
    if (line.includes(port)) ready.resolve(undefined);
  };
  const program = startProgram(["sh", "-c", command], { ...place, onLine, endWithinMs: 20_000 });
  onTestFinished(async () => {
    await program.stop();
  });
  await program.whenReady(ready.promise, serversStartWithinMs);
}
